import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, describe } from "mocha";

import { createSandbox } from "../support/createSandbox";
import { useStory } from "../support/story";
import { useVsCode } from "../support/vsCodeSuite";
import type { Workbench } from "../workbench/workbench";

const SHELL = "Shell · T4";
const FILES = 3000;

describe("the sync of a folder", () => {
  const vscode = useVsCode({ settings: { "modalSandboxes.backend": "local", "modalSandboxes.gpus": ["T4"] } });
  const step = useStory();
  let workbench: Workbench;
  before(async () => {
    const many = join(vscode.folder, "many");
    await mkdir(many);
    await Promise.all(Array.from({ length: FILES }, (_, n) => writeFile(join(many, `${n}.txt`), "x".repeat(10_000))));
    await mkdir(join(vscode.folder, "node_modules"));
    await writeFile(join(vscode.folder, "node_modules", "left.js"), "");
    await writeFile(join(vscode.folder, "größer ≥ 'x' 🚀.txt"), "unicode");
    workbench = await vscode.open();
    await createSandbox(workbench);
  });

  step("shows its progress, and finally what was pushed", async () => {
    const { notifications } = workbench;
    await workbench.runCommand("Modal: Sync Folder to Sandbox");
    await notifications.waitFor(/Syncing sample: [\d,]+ of 3,00\d files, [\d.]+ [KM]B/);
    await workbench.screenshot("syncing");
    await workbench.statusBarItem(/Synced 3,00\d files, 30 MB/).waitFor();
    await workbench.screenshot("synced");
    await notifications.waitForNone();
  });

  step("pushes the files as they are, without those that are ignored", async () => {
    const { sandboxes, terminals } = workbench;
    await sandboxes.inlineAction(sandboxes.row("T4"), "Open Shell in Sandbox");
    await terminals.waitForText(SHELL, /[#$] ?$/);
    await terminals.type(SHELL, "clear; ls; cat gr*; ls many | wc -l\n");
    const text = await terminals.waitForText(SHELL, new RegExp(`unicode${FILES}`));
    assert.doesNotMatch(text, /node_modules/);
    await workbench.screenshot("synced-shell");
  });
});
