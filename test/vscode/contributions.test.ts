import assert from "node:assert/strict";
import { before, describe, it } from "mocha";
import { commands, workspace } from "vscode";

import { ourExtension } from "./extension";

interface Manifest {
  readonly contributes: { readonly commands: readonly { readonly command: string }[] };
}

describe("the contributions", () => {
  before(() => ourExtension().activate());

  it("include only commands that exist", async () => {
    const { contributes } = ourExtension().packageJSON as Manifest;
    const registered = new Set(await commands.getCommands(true));
    const offered = contributes.commands.map(({ command }) => command);
    assert.ok(offered.length > 0);
    assert.deepEqual(
      offered.filter((command) => !registered.has(command)),
      [],
    );
  });

  it("include the settings with their defaults", () => {
    const expected = {
      backend: "modal",
      gpus: ["T4"],
      remotePath: "/workspace",
      environment: "",
      timeoutMinutes: 60,
      idleTimeoutMinutes: 10,
    };
    const settings = workspace.getConfiguration("modalSandboxes");
    const actual = Object.keys(expected).map((key) => [key, settings.get<unknown>(key)]);
    assert.deepEqual(Object.fromEntries(actual), expected);
  });
});
