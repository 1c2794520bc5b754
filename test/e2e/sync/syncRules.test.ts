import assert from "node:assert/strict";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { before, describe, it } from "mocha";

import { pollUntil } from "../workbench/locators";
import { useStory } from "../support/story";
import { useVsCode } from "../support/vsCodeSuite";
import type { Workbench } from "../workbench/workbench";

describe("the synced files", () => {
  const vscode = useVsCode({
    settings: {
      "modalSandboxes.backend": "local",
      "modalSandboxes.gpus": ["T4"],
      "modalSandboxes.sync.onSave": true,
    },
  });
  const step = useStory();
  let workbench: Workbench;

  const write = async (path: string, content: string) => {
    await mkdir(dirname(join(vscode.folder, path)), { recursive: true });
    await writeFile(join(vscode.folder, path), content);
  };
  before(async () => {
    await write(".gitignore", "*.log\nscratch/\n");
    await write("scratch/try.sh", "#!/bin/sh\necho tried in $(pwd)\n");
    await write("debug.log", "x");
    await write(".env", "KEY=secret");
    await write("both.sh", "echo changed inside >notes.txt\necho ready\nread line\n");
    await write("notes.txt", "as it was\n");
    await write("config.json", '{ "epochs": 1 }\n');
    await write("data/points.csv", "1,2\n".repeat(20_000));
    workbench = await vscode.open();
  });

  step("can be previewed before there is a sandbox, with a link from every path to its file", async () => {
    await workbench.runCommand("Modal: Preview Sync");
    await pollUntil("the preview is shown", async () => (await workbench.editor.text()).includes("in a new sandbox"));
    const text = await workbench.editor.text();
    assert.match(text, /\d+ to add\. \d+ files \(\d+ KB\) would be pushed\./);
    assert.match(text, /\+ +80 KB +data\/points\.csv/);
    assert.match(text, /\.env is not pushed because it may hold secrets/);
    assert.match(text, /\.gitignore, line 2: scratch\/ · scratch/);
    await workbench.screenshot("preview-sync-new");
  });

  it("can be explained by the rule that decides", async () => {
    const { notifications } = workbench;
    await workbench.openExplorer();
    await workbench.explorerAction("debug.log", "Explain Sync…");
    await notifications.waitFor("debug.log is not synced. It is excluded by .gitignore, line 1: *.log");
    await workbench.screenshot("explain-sync");
    await notifications.press(/debug\.log/, "Show Rule");
    await pollUntil("the rule is shown", async () => (await workbench.editor.text()).startsWith("*.log"));
  });

  step("lead to a question when an excluded file is run, which can be pushed for one run", async () => {
    const { dialog, editor, quickInput, terminals } = workbench;
    await editor.open("scratch/try.sh");
    await workbench.runCommand("Modal: Run Current File on GPU…");
    await pollUntil("the question is asked", () => dialog.isOpen());
    assert.match(await dialog.text(), /because scratch is not\. It is excluded by \.gitignore, line 2: scratch\//);
    assert.deepEqual((await dialog.buttons()).sort(), ["Add to .modalignore", "Cancel", "Sync for This Run"]);
    await workbench.screenshot("excluded-file");
    await dialog.press("Sync for This Run");
    await quickInput.tickOnly(["T4"]);
    await quickInput.accept();
    await terminals.waitForText("try.sh · T4", /tried in \/workspace\n✓ exit code 0/);
    await workbench.runCommand("Modal: Run Last File Again");
    await terminals.waitForText("try.sh · T4", /tried in \/workspace\n✓ exit code 0/);
  });

  step("can permanently include the excluded file, and nothing else", async () => {
    const { dialog, editor, quickInput, terminals } = workbench;
    await editor.open("scratch/try.sh");
    await workbench.runCommand("Modal: Run Current File on GPU…");
    await pollUntil("the question is asked", () => dialog.isOpen());
    await dialog.press("Add to .modalignore");
    await quickInput.tickOnly(["T4"]);
    await quickInput.accept();
    await terminals.waitForText("try.sh · T4", /tried in \/workspace\n✓ exit code 0/);
    const rules = await readFile(join(vscode.folder, ".modalignore"), "utf8");
    assert.equal(rules, "!/scratch/\n/scratch/*\n!/scratch/try.sh\n");
  });

  step("can be previewed against the sandbox's files", async () => {
    const { editor } = workbench;
    await write("config.json", '{ "epochs": 20 }\n');
    await write("notes.md", "new\n");
    await rm(join(vscode.folder, "server.py"));
    await workbench.runCommand("Modal: Preview Sync");
    await pollUntil("the preview is shown", async () => (await editor.text()).includes("in T4 "));
    const text = await editor.text();
    assert.match(text, /1 to add, 1 to change, 1 to delete\. 2 files \(\d+ B\) would be pushed\./);
    assert.match(text, /^! +17 B +config\.json$/m);
    assert.match(text, /^- +server\.py$/m);
    await workbench.screenshot("preview-sync");
  });

  step("are pushed as soon as they are saved, if the setting says so", async () => {
    const { editor } = workbench;
    await editor.open("config.json");
    await editor.clickLine(1);
    await editor.type(" ");
    await workbench.page.keyboard.press("ControlOrMeta+s");
    await workbench.statusBarItem(/Synced 2 files, \d+ B, 1 deleted/).waitFor();
    await workbench.screenshot("synced-on-save");
  });

  step("are kept in both versions if both sides changed them, and can be compared", async () => {
    const { dialog, notifications, terminals } = workbench;
    await workbench.editor.open("both.sh");
    await workbench.runCommand("Modal: Run Current File on GPU…");
    await workbench.quickInput.tickOnly(["T4"]);
    await workbench.quickInput.accept();
    await terminals.waitForText("both.sh · T4", /^ready$/m);
    assert.equal(await dialog.isOpen(), false);
    await write("notes.txt", "changed here\n");
    await terminals.type("both.sh · T4", "continue\n");
    await notifications.waitFor(/You and the run on T4 both changed notes\.txt\. Nothing here was overwritten/);
    await workbench.screenshot("conflict");
    await notifications.press(/both changed notes\.txt/, "Compare");
    await workbench.page.locator(".monaco-diff-editor .view-line", { hasText: "changed here" }).waitFor();
    await workbench.page.locator(".monaco-diff-editor .view-line", { hasText: "changed inside" }).waitFor();
    await workbench.screenshot("conflict-compare");
    assert.equal(await readFile(join(vscode.folder, "notes.txt"), "utf8"), "changed here\n");
  });

  step("can be downloaded from the sandbox on request", async () => {
    const { quickInput } = workbench;
    await mkdir(join(vscode.folder, "downloads"));
    await workbench.runCommand("Modal: Download from Sandbox…");
    await quickInput.waitForTitle("Download from Sandbox");
    await workbench.screenshot("download-path");
    await quickInput.fill("data");
    await quickInput.accept();
    await quickInput.waitForTitle("Download data into");
    await quickInput.pick("downloads");
    await quickInput.row("scratch").waitFor({ state: "hidden" });
    await workbench.screenshot("download-into");
    await workbench.page.locator(".quick-input-action a", { hasText: "Download Here" }).click();
    await workbench.statusBarItem(/Downloaded 1 file, 80 KB/).waitFor();
    const content = await readFile(join(vscode.folder, "downloads", "data", "points.csv"), "utf8");
    assert.equal(content.length, 80_000);
  });
});
