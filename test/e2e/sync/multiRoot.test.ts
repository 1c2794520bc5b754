import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { before, describe } from "mocha";

import { pollUntil } from "../workbench/locators";
import { useStory } from "../support/story";
import { useVsCode } from "../support/vsCodeSuite";
import type { Workbench } from "../workbench/workbench";

const RUN = "where-lib.sh · T4";
const SHELL = "Shell · T4";

describe("a workspace of two folders", () => {
  const vscode = useVsCode({ settings: { "modalSandboxes.backend": "local", "modalSandboxes.gpus": ["T4"] } });
  const step = useStory();
  let workbench: Workbench;
  const parent = () => dirname(vscode.folder);
  before(async () => {
    for (const [name, ignored] of [
      ["app", "out.log"],
      ["lib", "data.txt"],
    ] as const) {
      await mkdir(join(parent(), name));
      await writeFile(join(parent(), name, ".gitignore"), `${ignored}\n`);
      for (const file of ["out.log", "data.txt"]) await writeFile(join(parent(), name, file), `${file} of ${name}`);
      await writeFile(join(parent(), name, `where-${name}.sh`), "pwd; echo made >made-by-$(basename $PWD).txt\n");
    }
    const file = join(parent(), "both.code-workspace");
    await writeFile(file, JSON.stringify({ folders: [{ path: "app" }, { path: "lib" }] }));
    workbench = await vscode.open(file);
  });

  step("runs a file in its folder's place, and pulls its outputs into that folder", async () => {
    await workbench.runFile("where-lib.sh");
    const text = await workbench.terminals.waitForText(RUN, /exit code 0/);
    await workbench.screenshot("multi-root-run");
    assert.match(text, /^\/workspace\/lib$/m);
    const made = "made-by-lib.txt";
    await pollUntil("the output is here", () => Promise.resolve(existsSync(join(parent(), "lib", made))));
    assert.ok(!existsSync(join(parent(), "app", made)));
  });

  step("has a separate place for each folder in the sandbox, by its own rules", async () => {
    const { editor, sandboxes, terminals } = workbench;
    await editor.open("where-app.sh");
    await workbench.runCommand("Modal: Sync Folder to Sandbox");
    await workbench.statusBarItem(/Synced 3 files/).waitFor();
    await sandboxes.open();
    await sandboxes.inlineAction(sandboxes.row("T4"), "Open Shell in Sandbox");
    await terminals.waitForText(SHELL, /[#$] ?$/);
    await terminals.type(SHELL, "clear; cd /workspace; ls -1 *; cat */data.txt */out.log; echo; echo do''ne\n");
    const text = await terminals.waitForText(SHELL, /^done$/m);
    await workbench.screenshot("multi-root");
    assert.match(
      text,
      /app:\ndata\.txt\nwhere-app\.sh\n\nlib:\nmade-by-lib\.txt\nmodal-outputs\nout\.log\nwhere-lib\.sh\n/,
    );
    assert.match(text, /data\.txt of app\s*out\.log of lib/);
  });
});
