import assert from "node:assert/strict";
import { before, describe } from "mocha";

import { pollUntil } from "../workbench/locators";
import { useStory } from "../support/story";
import { useVsCode } from "../support/vsCodeSuite";
import type { Workbench } from "../workbench/workbench";

const SHELL = "Shell · CPU";

describe("a shell in a sandbox", () => {
  const vscode = useVsCode({ settings: { "modalSandboxes.backend": "local" } });
  const step = useStory();
  let workbench: Workbench;
  before(async () => {
    workbench = await vscode.open();
    await workbench.sandboxes.open();
  });

  let asked = 0;
  const columns = async (): Promise<number> => {
    const { terminals } = workbench;
    const mark = `columns-${++asked}:`;
    await terminals.type(SHELL, `echo "${mark}$(tput cols)"\n`);
    const text = await terminals.waitForText(SHELL, new RegExp(`${mark}\\d`));
    return Number(new RegExp(`${mark}(\\d+)`).exec(text)?.[1]);
  };

  /** VS Code collects profiles after its start, and a list that is already open is not updated. */
  const listProfiles = () =>
    pollUntil("the profile is listed", async () => {
      const { quickInput } = workbench;
      await workbench.runCommand("Create New Terminal (With Profile)");
      const isListed = await quickInput
        .row(/Modal Sandbox Shell/)
        .waitFor({ timeout: 5000 })
        .then(
          () => true,
          () => false,
        );
      if (!isListed) await quickInput.dismiss();
      return isListed;
    });

  step("says that no sandbox is running, with a button to create one", async () => {
    assert.equal(await workbench.quickInput.offersCommand("Modal: Open Shell in Sandbox"), false);
    await listProfiles();
    await workbench.quickInput.pick(/Modal Sandbox Shell/);
    assert.deepEqual(await workbench.notifications.buttons("No sandbox is running."), ["Create Sandbox…"]);
    await workbench.screenshot("shell-without-sandbox");
    await workbench.notifications.press("No sandbox is running.", "Create Sandbox…");
    await workbench.quickInput.pick("CPU only");
    await workbench.quickInput.waitForTitle("Create Sandbox (2/3)");
    await workbench.quickInput.pick("python:3.12-slim");
    await workbench.quickInput.pick("Create");
    await workbench.sandboxes.row("CPU").waitFor();
  });

  step("opens from the tree and runs what is typed, in the size of the terminal", async () => {
    const { sandboxes, terminals } = workbench;
    await pollUntil("the sandbox runs", async () =>
      (await sandboxes.rows()).some(({ description }) => description.startsWith("running")),
    );
    await sandboxes.inlineAction(sandboxes.row("CPU"), "Open Shell in Sandbox");
    await terminals.waitForText(SHELL, /[#$] ?$/);
    await terminals.type(SHELL, "echo $((6 * 7)) > answer; cat answer; tty\n");
    await terminals.waitForText(SHELL, /^42\n\/dev\//m);
    assert.equal(await columns(), await terminals.columns(SHELL));
    await workbench.screenshot("shell");
  });

  step("follows the terminal when it is resized", async () => {
    const { page, terminals } = workbench;
    const before = await terminals.columns(SHELL);
    await page.setViewportSize({ width: 1000, height: 700 });
    await pollUntil("the terminal is narrower", async () => (await terminals.columns(SHELL)) < before);
    const now = await terminals.columns(SHELL);
    await pollUntil("the shell knows it", async () => (await columns()) === now);
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  step("passes on Ctrl+C and the keys of a full-screen program", async () => {
    const { terminals } = workbench;
    await terminals.type(SHELL, "clear; echo sta''rted; sleep 1000\n");
    await terminals.waitForText(SHELL, /^started$/m);
    await terminals.press(SHELL, "Control+c");
    await terminals.type(SHELL, "echo $?\n");
    await terminals.waitForText(SHELL, /^130$/m);
    await terminals.press(SHELL, "ArrowUp");
    await terminals.press(SHELL, "Enter");
    await terminals.waitForText(SHELL, /^0$/m);
  });

  step("closes its terminal when it exits", async () => {
    const { terminals } = workbench;
    await terminals.type(SHELL, "exit\n");
    await pollUntil("the terminal is closed", async () => (await terminals.names()).length === 0);
  });

  step("is one of the terminal profiles", async () => {
    const { quickInput, terminals } = workbench;
    await listProfiles();
    await workbench.screenshot("shell-profile");
    await quickInput.pick(/Modal Sandbox Shell/);
    // VS Code itself leaves the panel closed.
    await workbench.runCommand("Terminal: Focus Terminal");
    await terminals.waitForText(SHELL, /[#$] ?$/);
  });
});
