import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { ConfigurationTarget, workspace } from "vscode";

import { specImageRows } from "../../src/ui/sandboxes/images";

describe("Prebuild Image…", () => {
  const write = (specs: unknown) =>
    workspace.getConfiguration("modalSandboxes").update("specs", specs, ConfigurationTarget.Global);
  before(() => write({ good: { image: "python:3.12-slim" }, bad: { memoryMiB: "lots" } }));
  after(() => write(undefined));

  it("lists the valid specs, and says what is wrong with an invalid one", () => {
    const rows = specImageRows();
    assert.deepEqual(
      rows.map(({ label, description }) => [label, description]),
      [
        ["good", "python:3.12-slim"],
        ["bad", "open the settings to fix it"],
      ],
    );
    assert.match(rows[1]?.detail ?? "", /^The spec "bad": "memoryMiB" must be a whole number/);
  });
});
