import assert from "node:assert/strict";
import { basename, dirname, join } from "node:path";
import { describe, it } from "mocha";

import { eventually } from "../backend/support/processes";
import { localBackends, ourExtension } from "./extension";

describe("activation", () => {
  it("comes with the window, for earlier ones may have left something running", async () => {
    assert.ok(await eventually(() => Promise.resolve(ourExtension().isActive)));
  });

  it("loads no SDK and starts no process", async () => {
    await ourExtension().activate();
    assert.deepEqual(loadedChunks(), ["extension.js"]);
    assert.deepEqual(await localBackends(), []);
  });
});

/** What was required of the extension's own files. */
function loadedChunks(): string[] {
  const dist = join(ourExtension().extensionPath, "dist");
  return Object.keys(require.cache)
    .filter((path) => dirname(path) === dist)
    .map((path) => basename(path));
}
