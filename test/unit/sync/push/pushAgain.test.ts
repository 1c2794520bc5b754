import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { after, before, describe, it } from "mocha";

import { Deferred } from "../../../../src/base/async";
import { skip } from "../../../support/skip";
import type { Exec } from "../../../../src/sync/remote/remoteProcess";
import {
  build,
  directory,
  file,
  listTree,
  removeFolder,
  temporaryFolders,
  timesMoveOn,
  type Listing,
} from "../support/folders";
import { asBusyboxKeeps, busyboxPath, localExec } from "../support/localExec";
import { nasty } from "../support/nasty";
import { pushToMany, SyncWindow } from "../support/pushing";
import { random } from "../support/random";

const signal = new AbortController().signal;

describe("a repeated push", function () {
  this.timeout(60_000);
  const folder = temporaryFolders();
  const windows: SyncWindow[] = [];
  const open = (...given: ConstructorParameters<typeof SyncWindow>) => {
    const window = new SyncWindow(...given);
    windows.push(window);
    return window;
  };
  after(() => {
    for (const window of windows) window.dispose();
  });

  /** A pushed folder, its place, and how to push it again from the same window. */
  async function pushed(listing: Listing, exec: Exec = localExec(), window = open()) {
    const root = build(folder(), listing);
    const remotePath = join(folder(), "remote");
    const counted: string[][] = [];
    const counting: Exec = (argv) => {
      counted.push(argv);
      return exec(argv);
    };
    const again = (from = window) => from.push({ root, remotePath, exec: counting, signal });
    await timesMoveOn();
    await again();
    counted.length = 0;
    return { root, remotePath, again, counted };
  }

  it("starts nothing in the sandbox if nothing changed", async () => {
    const { again, counted } = await pushed(nasty);
    const { files, deleted, conflicts } = await again();
    assert.deepEqual({ files, deleted, conflicts, counted }, { files: 0, deleted: 0, conflicts: [], counted: [] });
  });

  it("sends only the changed file, with one process", async () => {
    const { root, remotePath, again, counted } = await pushed({ ...nasty, "deep/down/a.txt": file("old") });
    writeFileSync(join(root, "deep/down/a.txt"), "new");
    const { files, bytes } = await again();
    assert.deepEqual([files, bytes, counted.length], [1, 3, 1]);
    assert.deepEqual(listTree(remotePath), listTree(root));
  });

  const bin = busyboxPath(folder());
  for (const name of ["GNU tools", "busybox"]) {
    const exec = name === "busybox" && bin !== undefined ? localExec({ env: { PATH: bin } }) : localExec();
    describe(`with ${name}`, () => {
      before(function () {
        if (name === "busybox" && bin === undefined) skip(this, "needs busybox");
      });

      it("deletes, renames, makes and changes what was deleted, renamed, made and changed", async () => {
        const { root, remotePath, again } = await pushed({ ...nasty, "moved/a/b/c": file(), "gone/x/y": file() }, exec);
        renameSync(join(root, "moved"), join(root, "moved on"));
        rmSync(join(root, "gone"), { recursive: true });
        rmSync(join(root, "new\nline"));
        rmSync(join(root, "dangling"));
        removeFolder(join(root, "read-only folder"));
        writeFileSync(join(root, "back\\slash"), "changed");
        chmodSync(join(root, "executable"), 0o700);
        mkdirSync(join(root, "made"));
        const { conflicts } = await again();
        assert.deepEqual(conflicts, []);
        const here = listTree(root);
        assert.deepEqual(listTree(remotePath), name === "busybox" ? asBusyboxKeeps(here) : here);
      });

      it("never overwrites what a program changed, but keeps it next to the new file", async () => {
        const { root, remotePath, again } = await pushed({ "d/a.txt": file("first"), b: file(), c: file() }, exec);
        writeFileSync(join(remotePath, "d/a.txt"), "by a program");
        writeFileSync(join(root, "d/a.txt"), "by the user");
        writeFileSync(join(root, "b"), "another file");
        const { conflicts } = await again();
        const [conflict] = conflicts;
        assert.equal(conflict?.path, "d/a.txt");
        assert.match(conflict.keptAs, /^d\/a\.txt\.sandbox-\d{8}-\d{6}-\d{3}$/);
        assert.equal(readFileSync(join(remotePath, conflict.keptAs), "utf8"), "by a program");
        assert.equal(readFileSync(join(remotePath, "d/a.txt"), "utf8"), "by the user");
        assert.equal(readFileSync(join(remotePath, "b"), "utf8"), "another file");
        assert.deepEqual((await again()).conflicts, []);
      });

      it("keeps a file that a program rewrote with the same size and time", async () => {
        const { root, remotePath, again } = await pushed({ "d/a": file("1"), b: file("1"), c: file("1") }, exec);
        for (const name of ["d/a", "b"]) rewriteUnseen(remotePath, name, "2");
        writeFileSync(join(root, "d/a"), "by the user");
        writeFileSync(join(root, "c"), "by the user");
        rmSync(join(root, "b"));
        const { conflicts } = await again();
        const keptAs = Object.fromEntries(conflicts.map((conflict) => [conflict.path, conflict.keptAs]));
        assert.deepEqual(Object.keys(keptAs).sort(), ["b", "d/a"]);
        for (const name of Object.values(keptAs)) assert.equal(readFileSync(join(remotePath, name), "utf8"), "2");
        assert.equal(readFileSync(join(remotePath, "d/a"), "utf8"), "by the user");
      });

      it("keeps a file that a program rewrote with the same size and time before another push", async () => {
        const { root, remotePath, again } = await pushed({ "d/a": file("1"), b: file("1"), c: file("1") }, exec);
        writeFileSync(join(root, "b"), "22");
        await timesMoveOn();
        await again();
        rewriteUnseen(remotePath, "d/a", "3");
        rewriteUnseen(remotePath, "b", "33");
        writeFileSync(join(root, "c"), "by the user");
        await timesMoveOn();
        assert.deepEqual((await again()).conflicts, []);

        writeFileSync(join(root, "d/a"), "by the user");
        writeFileSync(join(root, "c"), "by the user again");
        rmSync(join(root, "b"));
        const { conflicts } = await again();
        const keptAs = Object.fromEntries(conflicts.map((conflict) => [conflict.path, conflict.keptAs]));
        assert.deepEqual(Object.keys(keptAs).sort(), ["b", "d/a"]);
        assert.equal(readFileSync(join(remotePath, keptAs["d/a"] ?? ""), "utf8"), "3");
        assert.equal(readFileSync(join(remotePath, "b"), "utf8"), "33");
        assert.equal(readFileSync(join(remotePath, "d/a"), "utf8"), "by the user");
        assert.equal(readFileSync(join(remotePath, "c"), "utf8"), "by the user again");
      });

      for (const [what, change] of [
        ["emptied by a push that broke off", (marker: string) => writeFileSync(marker, "")],
        ["deleted by a program", (marker: string) => rmSync(marker)],
      ] as const)
        it(`keeps a file that a program rewrote with the same size and time before the marker was ${what}`, async () => {
          const { root, remotePath, again } = await pushed({ a: file("1"), b: file("1"), c: file("1") }, exec);
          for (const name of ["a", "b"]) rewriteUnseen(remotePath, name, "2");
          change(join(remotePath, ".modal-sync"));
          for (const name of ["a", "c"]) writeFileSync(join(root, name), "by the user");
          rmSync(join(root, "b"));
          const { conflicts } = await again();
          assert.deepEqual(conflicts.map(({ path }) => path).sort(), ["a", "b"]);
        });

      it("sets nothing aside after a push into a sandbox where a program gave every file another mode", async () => {
        const { root, remotePath, again } = await pushed({ a: file("1"), b: file("1"), c: file("1") }, exec);
        const marker = join(remotePath, ".modal-sync");
        utimesSync(marker, 1e9, 1e9);
        for (const name of ["a", "b"]) changeLater(join(remotePath, name), marker);
        writeFileSync(join(root, "c"), "22");
        await timesMoveOn();
        await again();
        writeFileSync(join(root, "a"), "22");
        rmSync(join(root, "b"));
        const { conflicts, deleted } = await again();
        assert.deepEqual([conflicts, deleted], [[], 1]);
      });

      it("sets nothing aside in a copy of the sandbox, where every file has the change time of the copy", async () => {
        const { root, remotePath, again } = await pushed({ a: file("1"), b: file("1") }, exec);
        const marker = join(remotePath, ".modal-sync");
        utimesSync(marker, 1e9, 1e9);
        for (const name of ["a", "b"]) changeLater(join(remotePath, name), marker);
        writeFileSync(join(root, "a"), "22");
        rmSync(join(root, "b"));
        const { conflicts, deleted } = await again();
        assert.deepEqual([conflicts, deleted], [[], 1]);
      });

      it("never deletes what a program changed or made", async () => {
        const { root, remotePath, again } = await pushed({ "d/a": file("first"), "d/b": file(), "d/c": file() }, exec);
        writeFileSync(join(remotePath, "d/a"), "by a program");
        writeFileSync(join(remotePath, "d/output"), "by a program");
        rmSync(join(root, "d"), { recursive: true });
        const { conflicts } = await again();
        assert.deepEqual(conflicts, [{ path: "d/a", keptAs: "d/a" }]);
        assert.deepEqual(readdirSync(join(remotePath, "d")).sort(), ["a", "output"]);
        assert.deepEqual((await again()).conflicts, []);
      });

      it("keeps what a program made in the place of something new, of any kind", async () => {
        const { root, remotePath, again } = await pushed({ "was-folder/x": file() }, exec);
        const long = "n".repeat(255);
        build(remotePath, { file: file("theirs"), folder: directory(), [long]: file("theirs"), same: file("same") });
        writeFileSync(join(remotePath, "was-folder/output"), "theirs");
        symlinkSync("elsewhere", join(remotePath, "link"));
        rmSync(join(root, "was-folder"), { recursive: true });
        const ours = ["file", "folder", "link", "was-folder", long];
        build(root, Object.fromEntries([...ours.map((name) => [name, file("ours")] as const), ["same", file("same")]]));

        const { conflicts } = await again();

        assert.deepEqual(new Set(conflicts.map(({ path }) => path)), new Set(ours));
        for (const name of ours) assert.equal(readFileSync(join(remotePath, name), "utf8"), "ours");
        const kept = Object.fromEntries(conflicts.map(({ path, keptAs }) => [path, join(remotePath, keptAs)]));
        assert.equal(readFileSync(kept.file ?? "", "utf8"), "theirs");
        assert.equal(readFileSync(kept[long] ?? "", "utf8"), "theirs");
        assert.equal(readFileSync(join(kept["was-folder"] ?? "", "output"), "utf8"), "theirs");
      });
    });
  }

  it("keeps a file that a program rewrote before another push, even if the sandbox has no stat", async function () {
    const own = busyboxPath(folder());
    if (own === undefined) skip(this, "needs busybox");
    rmSync(join(own, "stat"));
    const exec = localExec({ env: { PATH: own } });
    const { root, remotePath, again } = await pushed({ "d/a": file("1"), b: file("1"), c: file("1") }, exec);
    writeFileSync(join(remotePath, "d/a"), "by a program");
    utimesSync(join(remotePath, "b"), 1e9, 1e9);
    writeFileSync(join(root, "c"), "by the user");
    await timesMoveOn();
    assert.deepEqual((await again()).conflicts, []);

    writeFileSync(join(root, "d/a"), "by the user");
    writeFileSync(join(root, "c"), "by the user again");
    rmSync(join(root, "b"));
    const { conflicts } = await again();
    assert.deepEqual(conflicts.map(({ path }) => path).sort(), ["b", "d/a"]);
    assert.equal(readFileSync(join(remotePath, conflicts.at(-1)?.keptAs ?? ""), "utf8"), "by a program");
    assert.equal(readFileSync(join(remotePath, "c"), "utf8"), "by the user again");
  });

  it("leaves files that are ignored by now or unreadable in the sandbox", async () => {
    const { root, remotePath, again } = await pushed({ "data/big": file(), "b.txt": file() });
    writeFileSync(join(root, ".gitignore"), "data\n");
    const { deleted } = await again();
    assert.equal(deleted, 0);
    assert.ok(existsSync(join(remotePath, "data/big")));
  });

  it("corrects a sandbox's copy that another window changed", async () => {
    const { root, remotePath, again, counted } = await pushed({ a: file("1"), b: file("1"), c: file("1") });
    const other = open();
    writeFileSync(join(root, "a"), "22");
    await other.push({ root, remotePath, exec: localExec(), signal });
    writeFileSync(join(root, "b"), "333");

    const { conflicts } = await again();

    assert.deepEqual(conflicts, []);
    // The other window knew nothing of the first one's file, and kept it.
    const known = listTree(remotePath).filter((line) => !line.includes(".sandbox-"));
    assert.deepEqual(known, listTree(root));
    assert.equal(counted.length, 3, "the one that found out, the question and the repair");
  });

  it("sends everything to a sandbox whose copy is gone", async () => {
    const { root, remotePath, again } = await pushed(nasty);
    removeFolder(remotePath);
    writeFileSync(join(root, "plain.txt"), "changed");
    await again();
    assert.deepEqual(listTree(remotePath), listTree(root));
  });

  it("keeps what was in the sandbox before the first push", async () => {
    const root = build(folder(), { "a.txt": file("ours"), same: file("same") });
    const remotePath = build(folder(), { "a.txt": file("theirs"), same: file("same"), other: file() });
    const { conflicts } = await open().push({ root, remotePath, exec: localExec(), signal });
    assert.deepEqual(
      conflicts.map(({ path }) => path),
      ["a.txt"],
    );
    assert.equal(readFileSync(join(remotePath, conflicts[0]?.keptAs ?? ""), "utf8"), "theirs");
  });

  it("remembers after a reload what it sent, and shares that with other windows", async () => {
    const baselines = folder();
    const { root, remotePath, again, counted } = await pushed({ a: file("1") }, localExec(), open(baselines));
    const reloaded = open(baselines);
    await again(reloaded);
    assert.deepEqual(counted, []);
    writeFileSync(join(root, "a"), "22");
    await timesMoveOn();
    await again(reloaded);
    await again();
    assert.equal(counted.length, 1);
    assert.deepEqual(listTree(remotePath), listTree(root));
  });

  it("asks before it sends, and sends nothing without permission", async () => {
    const asked: number[] = [];
    const window = open(undefined, {
      approve: ({ files }) => {
        asked.push(files);
        return Promise.resolve(false);
      },
    });
    const root = build(folder(), { a: file(), b: file() });
    const exec: Exec = () => assert.fail("nothing may be started");
    await assert.rejects(window.push({ root, remotePath: folder(), exec, signal }), { name: "AbortError" });
    assert.deepEqual(asked, [2]);
  });

  it("sends each of several sandboxes what it lacks", async () => {
    const window = open();
    const root = build(folder(), { ...nasty, a: file("1") });
    const [one, two] = [folder(), folder()];
    const send = (remotePath: string) => window.push({ root, remotePath, exec: localExec(), signal });
    await send(one);
    writeFileSync(join(root, "a"), "22");
    const [first, second] = await Promise.all([send(one), send(two)]);
    assert.ok(first.files <= 2 && second.files > 30);
    for (const remotePath of [one, two]) assert.deepEqual(listTree(remotePath), listTree(root));
  });

  it("is not blocked by an earlier sandbox that accepts nothing", async () => {
    const window = open();
    const root = build(folder(), { big: file(Buffer.alloc(30_000_000)) });
    const abort = new AbortController();
    const started = new Deferred<undefined>();
    const stuck: Exec = async (argv) => {
      started.resolve(undefined);
      return { ...(await localExec()(argv)), write: () => new Promise(() => undefined) };
    };
    const first = window.push({ root, remotePath: folder(), exec: stuck, signal: abort.signal });
    await started.promise;
    const remotePath = folder();
    await window.push({ root, remotePath, exec: localExec(), signal });
    assert.deepEqual(listTree(remotePath), listTree(root));
    abort.abort();
    await assert.rejects(first, { name: "AbortError" });
  });

  it("continues after its worker died", async () => {
    const window = open(folder());
    const { root, remotePath, again } = await pushed({ a: file("1") }, localExec(), window);
    writeFileSync(join(root, "a"), "22");
    window.thread.dispose();
    await again();
    assert.deepEqual(listTree(remotePath), listTree(root));
  });

  it("follows a model of both sides over random edits on both", async () => {
    const next = random(20261121);
    const pick = <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)] ?? assert.fail();
    const names = ["a", "b", "c", "d/a", "d/b", "d/e/a", "f/a", "f/b"];
    const window = open();
    const root = folder();
    const remotePath = folder();
    /** Every content that a program wrote must be somewhere in the sandbox for ever. */
    const theirs = new Set<string>();

    for (let round = 0; round < 60; round += 1) {
      for (let edit = 0; edit < 3; edit += 1) {
        const path = join(root, pick(names));
        const isFolderInTheWay = ![join(path, "..")].every((parent) => !existsSync(parent) || readable(parent));
        if (isFolderInTheWay) continue;
        if (next() < 0.35) rmSync(path, { recursive: true, force: true });
        else build(root, { [pick(names)]: file(`user ${round} ${edit} ${"u".repeat(next() * 50)}`) });
      }
      if (next() < 0.5) {
        // Of a size that no edit of the user's has: both happen in the same millisecond here.
        const content = `program ${round}`.padEnd(100);
        // A program writes a new file under a temporary name, and replaces only its own files.
        const path = join(remotePath, pick(names));
        if (existsSync(join(path, "..")) && readable(join(path, "..")) && !isTheirs(path)) {
          writeFileSync(path, content);
          theirs.add(content);
        }
      }
      await window.push({ root, remotePath, exec: localExec(), signal });

      const remote = new Map(contents(remotePath));
      for (const [path, content] of contents(root))
        if (!theirs.has(remote.get(path) ?? "")) assert.equal(remote.get(path), content, `${path} in round ${round}`);
      const found = new Set(remote.values());
      assert.deepEqual(
        [...theirs].filter((content) => !found.has(content)),
        [],
        `round ${round}`,
      );
    }

    function isTheirs(path: string): boolean {
      return existsSync(path) && theirs.has(readFileSync(path, "utf8"));
    }
  });

  it("sends nothing twice to several callers at the same time", async () => {
    const root = build(folder(), nasty);
    const targets = Array.from({ length: 3 }, () => ({ remotePath: folder(), exec: localExec() }));
    const outcomes = await pushToMany({ root, targets, signal });
    assert.ok(outcomes.every(({ status }) => status === "fulfilled"));
    for (const { remotePath } of targets) assert.deepEqual(listTree(remotePath), listTree(root));
  });

  it("tells the files of several sandboxes apart even if they once got the same", async () => {
    const root = build(folder(), { ...nasty, changed: file("one"), gone: file() });
    const window = open();
    const places = { a: folder(), b: folder(), c: folder() };
    const pushTo = (...names: readonly (keyof typeof places)[]) =>
      Promise.all(
        names.map((name) =>
          window.push({ root, sandboxId: name, remotePath: places[name], exec: localExec(), signal }),
        ),
      );
    await pushTo("a", "b", "c");
    await timesMoveOn();
    await pushTo("a", "b", "c");

    writeFileSync(join(root, "changed"), "two");
    rmSync(join(root, "gone"));
    await timesMoveOn();
    await pushTo("a", "b");
    build(root, { gone: file("back"), made: file() });
    await timesMoveOn();
    const counts = await pushTo("a", "c");

    assert.deepEqual(
      counts.map(({ files }) => files),
      [2, 3],
    );
    for (const place of [places.a, places.c]) assert.deepEqual(listTree(place), listTree(root));
    assert.deepEqual(
      (await pushTo("b")).map(({ files }) => files),
      [2],
    );
    assert.deepEqual(listTree(places.b), listTree(root));
  });

  it("sends one archive to several that hold the same, and keeps what a program rewrote in each of them", async () => {
    const root = build(folder(), { a: file("1"), b: file("1"), other: file("1") });
    const window = open();
    const places = [folder(), folder()];
    const blocks: Uint8Array[][] = [[], []];
    const recording =
      (seen: Uint8Array[]): Exec =>
      async (argv) => {
        const process = await localExec()(argv);
        return { ...process, write: (block) => (seen.push(block), process.write(block)) };
      };
    const pushAll = (execs: readonly Exec[]) =>
      Promise.all(
        execs.map((exec, index) =>
          window.push({ root, sandboxId: `${index}`, remotePath: places[index] ?? "", exec, signal }),
        ),
      );
    await timesMoveOn();
    // Their pushes end at different times.
    for (const [index, remotePath] of places.entries())
      await window.push({ root, sandboxId: `${index}`, remotePath, exec: localExec(), signal });
    rewriteUnseen(places[0] ?? "", "a", "2");
    rewriteUnseen(places[1] ?? "", "b", "2");
    writeFileSync(join(root, "other"), "22");
    await timesMoveOn();
    await pushAll([localExec(), localExec()]);

    for (const name of ["a", "b"]) writeFileSync(join(root, name), "by the user");
    const results = await pushAll(blocks.map(recording));

    assert.deepEqual(
      results.map(({ conflicts }) => conflicts.map(({ path }) => path)),
      [["a"], ["b"]],
    );
    const [first = [], second = []] = blocks;
    assert.ok(first.length > 0 && first.every((block, index) => block === second[index]));
  });

  it("notices an edit that keeps size and time", async () => {
    const { root, remotePath, again } = await pushed({ a: file("one") });
    utimesSync(join(root, "a"), 1_000_000_000, 1_000_000_000);
    await again();
    writeFileSync(join(root, "a"), "two");
    utimesSync(join(root, "a"), 1_000_000_000, 1_000_000_000);
    await again();
    assert.equal(readFileSync(join(remotePath, "a"), "utf8"), "two");
  });
});

/** Writes a pushed file again, of the same size, and gives it its old time. */
function rewriteUnseen(remotePath: string, name: string, text: string): void {
  const path = join(remotePath, name);
  const { atime, mtime } = statSync(path);
  const marker = join(remotePath, ".modal-sync");
  do {
    writeFileSync(path, text);
    utimesSync(path, atime, mtime);
  } while (statSync(path).ctimeMs <= statSync(marker).ctimeMs);
}

/** Moves the change time of a file past another's. */
function changeLater(path: string, other: string): void {
  const { mode } = statSync(path);
  do chmodSync(path, mode);
  while (statSync(path).ctimeMs <= statSync(other).ctimeMs);
}

const readable = (path: string): boolean => {
  try {
    readdirSync(path);
    return true;
  } catch {
    return false;
  }
};

function contents(root: string): [string, string][] {
  return readdirSync(root, { recursive: true, withFileTypes: true }).flatMap((entry) => {
    const path = join(entry.parentPath, entry.name);
    return entry.isFile() && entry.name !== ".modal-sync"
      ? [[path.slice(root.length + 1), readFileSync(path, "utf8")] as [string, string]]
      : [];
  });
}
