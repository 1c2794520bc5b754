import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, describe, it } from "mocha";

import { createSandbox } from "../support/createSandbox";
import { pollUntil } from "../workbench/locators";
import { useVsCode } from "../support/vsCodeSuite";
import type { Workbench } from "../workbench/workbench";

const SHELL = "Shell · T4";

describe("a push of more files than the limit", () => {
  const vscode = useVsCode({
    settings: {
      "modalSandboxes.backend": "local",
      "modalSandboxes.gpus": ["T4"],
      "modalSandboxes.sync.pushLimitFiles": 100,
    },
  });
  let workbench: Workbench;
  before(async () => {
    for (const [name, files, bytes] of [
      ["images", 120, 50_000],
      ["notes", 30, 100],
      ["weights", 1, 12_000_000],
    ] as const) {
      await mkdir(join(vscode.folder, name));
      for (let n = 0; n < files; n += 1) await writeFile(join(vscode.folder, name, `${n}.bin`), Buffer.alloc(bytes, n));
    }
    workbench = await vscode.open();
    await createSandbox(workbench);
  });

  it("asks first, lists the biggest folders, and pushes nothing without a yes", async () => {
    const { dialog, notifications, sandboxes, terminals } = workbench;
    await workbench.runCommand("Modal: Sync Folder to Sandbox");
    await pollUntil("the question is there", () => dialog.isOpen());
    const text = await dialog.text();
    assert.match(text, /Push 15\d files, 18 MB to the sandbox\?/);
    assert.match(text, /weights: 12 MB, 1 file\s+images: 6\.0 MB, 120 files\s/);
    assert.match(text, /\.modalignore/);
    assert.deepEqual((await dialog.buttons()).sort(), ["Cancel", "Push"]);
    await workbench.screenshot("push-question");
    await dialog.press("Cancel");
    await notifications.waitForNone();

    await sandboxes.inlineAction(sandboxes.row("T4"), "Open Shell in Sandbox");
    await terminals.waitForText(SHELL, /[#$] ?$/);
    await terminals.type(SHELL, "clear; ls -A /workspace | wc -l; echo do''ne\n");
    assert.match(await terminals.waitForText(SHELL, /done/), /(^|\D)0\s*done/);
  });

  it("pushes everything after a yes, and does not ask about small changes later", async () => {
    const { dialog } = workbench;
    await workbench.runCommand("Modal: Sync Folder to Sandbox");
    await pollUntil("the question is there", () => dialog.isOpen());
    await dialog.press("Push");
    await workbench.statusBarItem(/Synced 15\d files, 18 MB/).waitFor();
    await writeFile(join(vscode.folder, "notes", "0.bin"), "changed");
    await workbench.runCommand("Modal: Sync Folder to Sandbox");
    await workbench.statusBarItem(/Synced 1 file/).waitFor();
    await workbench.screenshot("push-after-question");
  });
});
