import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, describe, it } from "mocha";

import { pollUntil } from "../workbench/locators";
import { useVsCode } from "../support/vsCodeSuite";
import type { Workbench } from "../workbench/workbench";

describe("rules files and secrets", () => {
  const vscode = useVsCode({
    settings: { "modalSandboxes.backend": "local", "modalSandboxes.gpus": ["T4"], "modalSandboxes.sync.onSave": true },
  });
  let workbench: Workbench;
  const here = (path: string) => join(vscode.folder, path);

  before(async () => {
    await writeFile(here(".env"), "KEY=secret\n");
    await writeFile(here("evil.sh"), "printf '!.env\\n' >.modalignore; mkdir -p .husky; echo x >.husky/pre-commit\n");
    await writeFile(here("look.sh"), "ls -A >seen.txt\n");
    workbench = await vscode.open();
  });

  it("cannot be changed by a program: its rules arrive as a copy, with a notification", async () => {
    const { editor, notifications, quickInput, terminals } = workbench;
    await editor.open("evil.sh");
    await workbench.runCommand("Modal: Run Current File on GPU…");
    await quickInput.tickOnly(["T4"]);
    await quickInput.accept();
    await notifications.waitFor(
      "The sandbox wrote .modalignore. It was pulled only as .modalignore.sandbox-copy, because it decides which files are pushed to sandboxes.",
    );
    await terminals.waitForText("evil.sh · T4", /2 files were pulled only as copies/);
    await workbench.screenshot("rules-file-copy");
    assert.equal(existsSync(here(".modalignore")), false);
    assert.equal(existsSync(here(".husky")), false);
    await notifications.press(/The sandbox wrote/, "Show Copy");
    await pollUntil("the copy is shown", async () => (await editor.text()).startsWith("!.env"));
    assert.equal(await readFile(here(".husky.sandbox-copy/pre-commit"), "utf8"), "x\n");
  });

  it("lead to a question about a rule that includes a secret, and nothing is sent without a yes", async () => {
    const { dialog, editor, terminals } = workbench;
    await writeFile(here(".modalignore"), "# from a branch\n!.env\n");
    await editor.open("look.sh");
    await workbench.runCommand("Modal: Run Current File on GPU…");
    await workbench.quickInput.tickOnly(["T4"]);
    await workbench.quickInput.accept();
    await pollUntil("the question is asked", () => dialog.isOpen());
    assert.match(
      await dialog.text(),
      /\.modalignore:2 "!\.env" would push \.env, which may hold secrets, to the sandbox\. Push it\?/,
    );
    await workbench.screenshot("rules-question");
    await dialog.press("Cancel");
    await terminals.waitForText("look.sh · T4", /canceled/i);

    await workbench.runCommand("Modal: Run Last File Again");
    await pollUntil("the question is asked again", () => dialog.isOpen());
    await dialog.press("Push");
    await pollUntil("the run has ended", () => Promise.resolve(existsSync(here("seen.txt"))));
    assert.match(await readFile(here("seen.txt"), "utf8"), /^\.env$/m);
    assert.equal(await dialog.isOpen(), false);
  });
});
