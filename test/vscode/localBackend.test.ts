import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { commands, ConfigurationTarget, workspace } from "vscode";

import { skip } from "../support/skip";
import { pollUntil } from "../e2e/workbench/locators";
import { localBackends, ourExtension } from "./extension";

describe("the local backend", () => {
  before(async function () {
    if (process.platform !== "linux") skip(this, "needs Linux");
    await ourExtension().activate();
  });
  after(() => workspace.getConfiguration("modalSandboxes").update("backend", undefined, ConfigurationTarget.Global));

  it("is started by the view once it is chosen", async () => {
    await commands.executeCommand("modalSandboxes.useLocalBackend");
    assert.equal(workspace.getConfiguration("modalSandboxes").get("backend"), "local");
    await commands.executeCommand("modalSandboxes.sandboxes.focus");
    await pollUntil("it runs", async () => (await localBackends()).length === 1);
    await commands.executeCommand("modalSandboxes.refreshSandboxes");
  });

  it("ends when the user switches back to Modal", async () => {
    await workspace.getConfiguration("modalSandboxes").update("backend", undefined, ConfigurationTarget.Global);
    await pollUntil("it has ended", async () => (await localBackends()).length === 0);
  });
});
