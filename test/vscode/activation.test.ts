import assert from "node:assert/strict";
import { basename, dirname, join } from "node:path";
import { describe, it } from "mocha";

import { localBackends, ourExtension } from "./extension";

describe("activation", () => {
  it("waits until the extension is asked for", () => {
    assert.equal(ourExtension().isActive, false);
  });

  it("loads no SDK and starts no process", async () => {
    await ourExtension().activate();
    assert.equal(ourExtension().isActive, true);
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
