import assert from "node:assert/strict";

import { describe, it } from "mocha";

import { UNSETTLED, type FolderEntry } from "../../../../src/sync/folder/folderEntry";
import { recognize, reconcile, type RemoteStat } from "../../../../src/sync/push/reconcile";

const file = (path: string, changes: Partial<Extract<FolderEntry, { kind: "file" }>> = {}): FolderEntry => ({
  kind: "file",
  path,
  mode: 0o644,
  mtimeMs: 5500,
  size: 3,
  ctimeMs: 6000,
  ino: 7,
  ...changes,
});
const folder = (path: string, mode = 0o755): FolderEntry => ({ kind: "directory", path, mode, mtimeMs: 0 });
const link = (path: string, target: string): FolderEntry => ({
  kind: "symlink",
  path,
  mode: 0o777,
  mtimeMs: 0,
  target,
});

describe("the plan of a push", () => {
  interface Case {
    readonly local: FolderEntry[];
    readonly known: FolderEntry[];
    /** Paths that are still there although the scan does not name them. */
    readonly present?: string[];
    readonly send?: string[];
    readonly around?: string[];
    readonly deleted?: string[];
  }
  const cases: Record<string, Case> = {
    "sends everything if nothing is known": { local: [folder("d"), file("d/a")], known: [], send: ["d", "d/a"] },
    "finds nothing to do if everything is the same": {
      local: [folder("d"), file("d/a"), link("l", "d")],
      known: [folder("d"), file("d/a"), link("l", "d")],
    },
    "sends a file with another size": { local: [file("a", { size: 4 })], known: [file("a")], send: ["a"] },
    "sends a file with another time": { local: [file("a", { mtimeMs: 5501 })], known: [file("a")], send: ["a"] },
    "sends a file whose times were set back": { local: [file("a", { ctimeMs: 9 })], known: [file("a")], send: ["a"] },
    "sends a file that was replaced": { local: [file("a", { ino: 8 })], known: [file("a")], send: ["a"] },
    "sends a file with another mode": { local: [file("a", { mode: 0o755 })], known: [file("a")], send: ["a"] },
    "sends files again that may have changed unseen": {
      local: [file("a", { ctimeMs: UNSETTLED })],
      known: [file("a", { ctimeMs: UNSETTLED })],
      send: ["a"],
    },
    "sends a link with another target": { local: [link("l", "y")], known: [link("l", "x")], send: ["l"] },
    "sends a folder with another mode": { local: [folder("d", 0o700)], known: [folder("d")], send: ["d"] },
    "names the parent folders of what it sends": {
      local: [folder("d"), folder("d/e"), file("d/e/a"), folder("f")],
      known: [folder("d"), folder("d/e"), folder("f")],
      send: ["d/e/a"],
      around: ["d", "d/e"],
    },
    "deletes what is gone, and the contents of a folder first": {
      local: [folder("x")],
      known: [folder("x"), folder("x/d"), file("x/d/a"), link("l", "x")],
      deleted: ["x/d/a", "x/d", "l"],
      around: ["x"],
    },
    "keeps what is only ignored or unreadable": {
      local: [],
      known: [folder("d"), file("d/a"), file("b")],
      present: ["d", "d/a", "b"],
    },
    "turns a file into a folder": {
      local: [folder("a"), file("a/b")],
      known: [file("a")],
      send: ["a", "a/b"],
      deleted: ["a"],
    },
    "turns a folder into a link": {
      local: [link("a", "x")],
      known: [folder("a"), file("a/b")],
      send: ["a"],
      deleted: ["a/b", "a"],
    },
    "deletes and sends the same number of files": {
      local: [file("new")],
      known: [file("old")],
      send: ["new"],
      deleted: ["old"],
    },
  };
  for (const [title, { local, known, present = [], send = [], around = [], deleted = [] }] of Object.entries(cases)) {
    it(title, () => {
      const plan = reconcile(
        local,
        new Map(known.map((entry) => [entry.path, entry])),
        (path) => !present.includes(path),
      );
      assert.deepEqual(
        {
          send: plan.send.map(({ entry }) => entry.path),
          around: plan.around.map(({ path }) => path),
          deleted: plan.delete.map(({ path }) => path),
        },
        { send, around, deleted },
      );
    });
  }
});

describe("the baseline of a sandbox's files", () => {
  const stat = (changes: Partial<RemoteStat> = {}): RemoteStat => ({
    kind: "file",
    mode: 0o644,
    size: 3,
    mtimeSeconds: 5,
    ctime: 6,
    mtimeFraction: 0,
    ...changes,
  });
  const find = (candidates: FolderEntry[], seen: RemoteStat) => recognize(candidates, new Map([["a", seen]])).get("a");

  it("recognizes a file with the same size and second as pushed", () =>
    assert.deepEqual(find([file("a")], stat()), file("a")));
  it("recognizes a pulled file by its exact time", () =>
    assert.deepEqual(find([file("a")], stat({ mtimeFraction: 500.5 })), file("a")));
  it("leaves a file with another size, second or kind to the sandbox", () => {
    for (const changes of [{ size: 4 }, { mtimeSeconds: 6 }, { mtimeFraction: 20 }, { kind: "directory" as const }])
      assert.equal(find([file("a")], stat(changes)), undefined);
  });
  it("keeps the sandbox's mode, so that the right one is sent", () =>
    assert.equal(find([file("a")], stat({ mode: 0o600 }))?.mode, 0o600));
  it("prefers the older of two matches", () => {
    assert.equal(find([file("a", { ino: 2 }), file("a", { ino: 1 })], stat())?.mtimeMs, 5500);
    assert.deepEqual(find([file("a", { ino: 2 }), file("a", { ino: 1 })], stat()), file("a", { ino: 1 }));
  });
});
