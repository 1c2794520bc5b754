import assert from "node:assert/strict";
import { describe, it } from "mocha";

import { useVsCode } from "./vsCodeSuite";

describe("the packaged extension", () => {
  const vscode = useVsCode();

  it("shows its view and its commands in a trusted folder", async () => {
    const workbench = await vscode.open();
    await workbench.sandboxes.open();
    assert.equal(await workbench.quickInput.offersCommand("Modal: Create Sandbox…"), true);
  });
});
