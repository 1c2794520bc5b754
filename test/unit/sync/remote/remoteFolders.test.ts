import assert from "node:assert/strict";
import { describe, it } from "mocha";

import { remoteFolders } from "../../../../src/sync/remote/remoteFolders";

describe("the remote paths of a window's folders", () => {
  it("are the remote path itself for one folder, and a subfolder for each of several", () => {
    assert.deepEqual(remoteFolders(["app"], "/workspace"), ["/workspace"]);
    assert.deepEqual(remoteFolders(["app", "lib"], "/workspace"), ["/workspace/app", "/workspace/lib"]);
  });

  it("differ even if the names are the same", () => {
    const places = remoteFolders(["app", "app", "app-2", "app"], "/w");
    assert.deepEqual(places, ["/w/app", "/w/app-2", "/w/app-2-2", "/w/app-3"]);
  });

  it("never leave the remote path", () => {
    const places = remoteFolders(["..", "a/../../etc", "", ".", "/etc", "c:\\x"], "/workspace");
    assert.equal(new Set(places).size, places.length);
    for (const place of places) assert.match(place, /^\/workspace\/[^/]+$/);
  });
});
