import assert from "node:assert/strict";
import { before, describe } from "mocha";

import { pollUntil } from "./workbench/locators";
import { useStory } from "./support/story";
import { useVsCode } from "./support/vsCodeSuite";
import type { Workbench } from "./workbench/workbench";

describe("a folder that is opened for the first time", () => {
  const vscode = useVsCode({
    settings: { "security.workspace.trust.enabled": true, "modalSandboxes.backend": "local" },
  });
  const step = useStory();
  let workbench: Workbench;
  before(async () => {
    workbench = await vscode.open();
  });

  step("shows what Restricted Mode means in the view, with a button", async () => {
    await workbench.sandboxes.open();
    await workbench.sandboxes.welcomeButton("Manage Workspace Trust").waitFor();
    assert.match(await workbench.sandboxes.welcome(), /Nothing here runs, connects or costs money until you trust it/);
    await workbench.screenshot("restricted-view");
  });

  step("refuses a command with an explanation and a button", async () => {
    await workbench.runCommand("Modal: Run Current File on GPU…");
    const sentence = "This folder is in Restricted Mode. Trust it to run code or connect to Modal.";
    assert.deepEqual(await workbench.notifications.buttons(sentence), ["Manage Workspace Trust"]);
    await workbench.screenshot("restricted-command");
    await workbench.notifications.dismiss(sentence);
    assert.equal(await workbench.quickInput.offersCommand("Modal: Create Sandbox…"), false);
    assert.deepEqual(await vscode.server.localBackends(), [], "nothing was connected");
  });

  step("works as soon as it is trusted, without a reload", async () => {
    await workbench.sandboxes.welcomeButton("Manage Workspace Trust").click();
    await workbench.acceptTrust();
    await workbench.sandboxes.open();
    await workbench.sandboxes.welcomeButton("Run Current File on GPU…").waitFor();
    await pollUntil("the command is offered", () => workbench.quickInput.offersCommand("Modal: Create Sandbox…"));
    await pollUntil("the local backend runs", async () => (await vscode.server.localBackends()).length > 0);
  });
});
