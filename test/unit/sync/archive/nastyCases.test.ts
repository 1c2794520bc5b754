import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";

import { after, describe, it } from "mocha";

import { isRoot } from "../../../support/skip";
import { mountTmpfs } from "../support/tmpfs";
import { pull } from "../../../../src/sync/pull/pull";
import type { Exec } from "../../../../src/sync/remote/remoteProcess";
import { build, file, listTree, temporaryFolders, timesMoveOn, type Listing } from "../support/folders";
import { localExec } from "../support/localExec";
import { localPullExec } from "../support/pulling";
import { SyncWindow } from "../support/pushing";

const signal = new AbortController().signal;
const NOBODY = 65534;
const DAY_S = 86_400;

describe("a sync of difficult files", function () {
  this.timeout(30_000);
  const folder = temporaryFolders();
  const baselineFolder = folder();
  const window = new SyncWindow(baselineFolder);
  after(() => window.dispose());

  async function pushed(listing: Listing, exec: Exec = localExec()) {
    const here = build(folder(), listing);
    const there = join(folder(), "there");
    const key = { sandboxId: "sb", remotePath: there, root: here };
    const push = async () => {
      await timesMoveOn();
      return window.push({ root: here, remotePath: there, exec, signal });
    };
    const since = { key, patterns: ["**"] };
    const bring = () => pull(window.thread, { root: here, remotePath: there, exec: localPullExec(), since, signal });
    await push();
    return { here, there, push, bring };
  }

  it("pushes two names of one file as two files, and both follow an edit through either", async () => {
    const { here, there, push } = await pushed({ "d/one": file("first") });
    linkSync(join(here, "d/one"), join(here, "other"));
    await push();
    assert.deepEqual(listTree(there), listTree(here));
    writeFileSync(join(here, "other"), "edited");
    await push();
    assert.deepEqual(listTree(there), listTree(here));
    assert.notEqual(lstatSync(join(there, "d/one")).ino, lstatSync(join(there, "other")).ino);
  });

  it("pulls two names that a program gave one file as two files", async () => {
    const { here, there, bring } = await pushed({ a: file() });
    writeFileSync(join(there, "made"), "by a program");
    linkSync(join(there, "made"), join(there, "made too"));
    await bring();
    for (const name of ["made", "made too"]) assert.equal(readFileSync(join(here, name), "utf8"), "by a program");
    assert.notEqual(lstatSync(join(here, "made")).ino, lstatSync(join(here, "made too")).ino);
  });

  it("fills holes in a file with zeros on the other side, both ways", async () => {
    const { here, there, push, bring } = await pushed({ sparse: file("start") });
    truncateSync(join(here, "sparse"), 30_000_000);
    await push();
    assert.deepEqual(listTree(there), listTree(here));
    writeFileSync(join(there, "made"), "start");
    truncateSync(join(there, "made"), 30_000_001);
    await bring();
    assert.ok(readFileSync(join(here, "made")).equals(readFileSync(join(there, "made"))));
  });

  it("neither misses nor invents an edit when times are in the future", async () => {
    const { here, there, push } = await pushed({ a: file("first"), b: file() });
    const inAYear = Date.now() / 1000 + 365 * DAY_S;
    for (const name of ["a", "b"]) utimesSync(join(here, name), inAYear, inAYear);
    await push();
    assert.equal((await push()).files, 0);
    writeFileSync(join(here, "a"), "again");
    utimesSync(join(here, "a"), inAYear, inAYear);
    assert.equal((await push()).files, 1);
    assert.equal(readFileSync(join(there, "a"), "utf8"), "again");
  });

  for (const days of [-1, 1])
    it(`loses nothing and repeats nothing if a sandbox's clock is ${days < 0 ? "behind" : "ahead"} by a day`, async () => {
      const { here, there, push, bring } = await pushed({ changed: file("first"), both: file("first") });
      const writeThere = (name: string, content: string) => {
        writeFileSync(join(there, name), content);
        const time = Date.now() / 1000 + days * DAY_S + 0.123456;
        utimesSync(join(there, name), time, time);
      };
      writeThere("changed", "other");
      writeThere("made", "new");
      writeThere("both", "there");
      await bring();
      assert.equal(readFileSync(join(here, "changed"), "utf8"), "other");
      assert.equal(readFileSync(join(here, "made"), "utf8"), "new");
      assert.equal((await bring()).files, 0);

      writeThere("both", "twice");
      writeFileSync(join(here, "both"), "by the user");
      const { conflicts } = await push();
      assert.deepEqual(
        conflicts.map(({ path }) => path),
        ["both"],
      );
      assert.equal(readFileSync(join(there, conflicts[0]?.keptAs ?? ""), "utf8"), "twice");
    });

  it("sets aside a pipe in the place of a file, and is not blocked by it", async () => {
    const { here, there, push, bring } = await pushed({ a: file() });
    assert.equal(spawnSync("mkfifo", [join(there, "pipe"), join(there, "alone")]).status, 0);
    writeFileSync(join(here, "pipe"), "a file");
    const { conflicts } = await push();
    assert.deepEqual(
      conflicts.map(({ path }) => path),
      ["pipe"],
    );
    assert.equal(readFileSync(join(there, "pipe"), "utf8"), "a file");
    const { skipped } = await bring();
    assert.ok(skipped.some(({ path, reason }) => path === "alone" && reason.includes("isn't a file")));
    assert.equal(existsSync(join(here, "alone")), false);
  });

  it("leaves out and reports unreadable files, and keeps the sandbox's version of them", async () => {
    const { here, there, push } = await pushed({
      "closed/inside": file("in"),
      "secret.txt": file("mine"),
      open: file(),
    });
    if (isRoot) {
      for (const path of [here, there, baselineFolder]) chmodSync(dirname(path), 0o755);
      spawnSync("chown", ["-R", `${NOBODY}`, there, dirname(there), baselineFolder]);
    }
    writeFileSync(join(here, "secret.txt"), "changed");
    writeFileSync(join(here, "open"), "changed");
    for (const path of ["secret.txt", "closed"]) chmodSync(join(here, path), 0);
    // Root may read everything.
    if (isRoot) process.seteuid?.(NOBODY);
    try {
      const { skipped } = await push();
      assert.deepEqual(skipped.map(({ path }) => path).sort(), ["closed", "secret.txt"]);
      for (const { reason } of skipped) assert.match(reason, /permission denied/);
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
    assert.equal(readFileSync(join(there, "open"), "utf8"), "changed");
    assert.equal(readFileSync(join(there, "secret.txt"), "utf8"), "mine");
    assert.equal(readFileSync(join(there, "closed/inside"), "utf8"), "in");
  });

  it("names a read-only place in one sentence", async function () {
    const here = build(folder(), { a: file() });
    const there = folder();
    const unmount = mountTmpfs(this, "ro", there);
    try {
      const work = window.push({ root: here, remotePath: there, exec: localExec(), signal });
      await assert.rejects(work, /cannot be written \(.*Read-only file system\)/);
    } finally {
      unmount();
    }
  });

  it("pushes a hundred thousand files, and later only what changed", async function () {
    this.timeout(120_000);
    const here = folder();
    for (let at = 0; at < 500; at += 1) {
      mkdirSync(join(here, `d${at}`));
      for (let n = 0; n < 200; n += 1) writeFileSync(join(here, `d${at}`, `f${n}`), `${at} ${n}`);
    }
    const there = folder();
    const push = async () => {
      await timesMoveOn();
      return window.push({ root: here, remotePath: there, sandboxId: "many", exec: localExec(), signal });
    };
    assert.equal((await push()).files, 100_000);
    writeFileSync(join(here, "d7", "f7"), "changed");
    const { files, deleted } = await push();
    assert.deepEqual([files, deleted], [1, 0]);
    const { status, stdout } = spawnSync("sh", ["-c", 'diff -rq -x .modal-sync "$1" "$2"', "sh", here, there], {
      encoding: "utf8",
    });
    assert.deepEqual([status, stdout], [0, ""]);
  });
});
