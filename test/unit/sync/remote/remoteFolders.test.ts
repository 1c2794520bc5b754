import assert from "node:assert/strict";
import { describe, it } from "mocha";

import { remoteFolders } from "../../../../src/sync/remote/remoteFolders";

describe("the places of a window's folders in a sandbox", () => {
  it("are the remote path itself for one folder, and a folder of its own for each of several", () => {
    assert.deepEqual(remoteFolders(["app"], "/workspace"), ["/workspace"]);
    assert.deepEqual(remoteFolders(["app", "lib"], "/workspace"), ["/workspace/app", "/workspace/lib"]);
  });

  it("differ where the names are equal", () => {
    const places = remoteFolders(["app", "app", "app-2", "app"], "/w");
    assert.deepEqual(places, ["/w/app", "/w/app-2", "/w/app-2-2", "/w/app-3"]);
  });

  it("never leave the remote path", () => {
    const places = remoteFolders(["..", "a/../../etc", "", ".", "/etc", "c:\\x"], "/workspace");
    assert.equal(new Set(places).size, places.length);
    for (const place of places) assert.match(place, /^\/workspace\/[^/]+$/);
  });
});
