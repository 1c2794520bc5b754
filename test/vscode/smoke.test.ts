import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { extensions, workspace } from "vscode";

describe("the extension in VS Code", () => {
  it("is installed, and active once asked", async () => {
    const extension = extensions.getExtension("modal-sandboxes.modal-sandboxes");
    assert.ok(extension);
    await extension.activate();
    assert.equal(extension.isActive, true);
  });

  it("finds the sample folder open", () => {
    assert.equal(workspace.workspaceFolders?.length, 1);
  });
});
