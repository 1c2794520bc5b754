import assert from "node:assert/strict";
import { appendFileSync, readdirSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";

import { describe, it } from "mocha";

import { BaselineStore } from "../../../../src/sync/folder/baseline";
import type { Baseline } from "../../../../src/sync/folder/baselineFile";
import type { FolderEntry } from "../../../../src/sync/folder/folderEntry";
import { temporaryFolders } from "../support/folders";

describe("BaselineStore", () => {
  const folder = temporaryFolders();
  const key = { sandboxId: "sb", remotePath: "/root", root: "/home/me/project" };
  const file = (path: string, size = 1): FolderEntry => ({
    kind: "file",
    path,
    mode: 0o644,
    mtimeMs: 5000.25,
    size,
    ctimeMs: 6,
    ino: 7,
  });
  const many = Array.from({ length: 1000 }, (_, n) => file(`f${n}`));
  const others: FolderEntry[] = [
    { kind: "directory", path: "d", mode: 0o755, mtimeMs: 1 },
    { kind: "symlink", path: "l", mode: 0o777, mtimeMs: 2, target: "d" },
  ];
  const baseline = (generation: string, entries: readonly FolderEntry[]): Baseline => ({
    generation,
    entries: new Map(entries.map((entry) => [entry.path, entry])),
  });
  const first = baseline("one", [...many, ...others]);
  const second = baseline("two", [...many.slice(1), ...others, file("f5", 2), file("new")]);
  const pathIn = (kept: string) => join(kept, readdirSync(kept)[0] ?? "");

  it("shows another window the latest baseline", () => {
    const kept = folder();
    const store = new BaselineStore(kept);
    for (const one of [first, second, first]) {
      store.put(key, one);
      assert.deepEqual(new BaselineStore(kept).get(key), one);
    }
  });

  it("writes only changes", () => {
    const kept = folder();
    const store = new BaselineStore(kept);
    store.put(key, first);
    const before = statSync(pathIn(kept)).size;
    store.put(key, second);

    assert.ok(statSync(pathIn(kept)).size - before < 200);
  });

  it("does not grow forever", () => {
    const kept = folder();
    const store = new BaselineStore(kept);
    store.put(key, first);
    const before = statSync(pathIn(kept)).size;
    for (let round = 0; round < 1000; round += 1)
      store.put(key, baseline(`round ${round}`, [...many, file("changes", round)]));

    assert.ok(statSync(pathIn(kept)).size < before * 2);
    assert.equal(new BaselineStore(kept).get(key)?.generation, "round 999");
  });

  it("notices a baseline from another window", () => {
    const kept = folder();
    const [one, other] = [new BaselineStore(kept), new BaselineStore(kept)];
    one.put(key, first);
    assert.deepEqual(other.get(key), first);
    other.put(key, second);

    assert.deepEqual(one.get(key), second);
    one.put(key, first);
    assert.deepEqual(other.get(key), first);
  });

  it("leaves out what two windows wrote at the same time", () => {
    const kept = folder();
    const store = new BaselineStore(kept);
    store.put(key, first);
    appendFileSync(pathIn(kept), `${JSON.stringify({ after: "else", generation: "three", rows: [], gone: ["f3"] })}\n`);

    assert.deepEqual(new BaselineStore(kept).get(key), first);
  });

  it("reads a truncated file as far as possible, and repairs it with the next change", () => {
    const kept = folder();
    const store = new BaselineStore(kept);
    store.put(key, first);
    const whole = statSync(pathIn(kept)).size;
    store.put(key, second);
    truncateSync(pathIn(kept), whole + 20);

    assert.deepEqual(store.get(key), first);
    store.put(key, second);
    assert.deepEqual(new BaselineStore(kept).get(key), second);
    truncateSync(pathIn(kept), 20);
    assert.equal(new BaselineStore(kept).get(key), undefined);
  });
});
