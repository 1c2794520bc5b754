import assert from "node:assert/strict";
import { spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createHash } from "node:crypto";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { describe, it } from "mocha";

import { skip } from "../../../support/skip";
import { isAbort, UserError } from "../../../../src/base/errors";
import type { BaselineKey } from "../../../../src/sync/folder/baseline";
import { pull, type PullOptions, type PullResult } from "../../../../src/sync/pull/pull";
import { describePull } from "../../../../src/sync/pull/puller";
import type { SyncThread } from "../../../../src/sync/worker/syncThread";
import { build, directory, file, listTree, symlink, temporaryFolders, type Listing } from "../support/folders";
import { busyboxPath } from "../support/localExec";
import { isRefused, nasty, REFUSED } from "../support/nasty";
import { baselineOf, localPullExec, noteBaseline, syncThreads } from "../support/pulling";
import { random } from "../support/random";

const never = new AbortController().signal;
const exec = localPullExec();
const threadFor = syncThreads();

/** A folder and a sandbox that hold the same, as after a push. */
class Pair {
  readonly here: string;
  readonly there: string;
  readonly key: BaselineKey;
  readonly #baselines: string;
  readonly #thread: SyncThread;

  static synced(folder: () => string, listing: Listing): Pair {
    const pair = new Pair(folder(), folder(), folder());
    build(pair.here, listing);
    spawnSync("sh", ["-c", 'tar -C "$1" --format=gnu -cf - . | tar -C "$2" -xpf -', "sh", pair.here, pair.there]);
    noteBaseline(pair.#baselines, pair.key);
    return pair;
  }

  private constructor(here: string, there: string, baselines: string) {
    this.here = here;
    this.there = there;
    this.key = { sandboxId: "sb-1", remotePath: there, root: here };
    this.#baselines = baselines;
    this.#thread = threadFor(baselines);
  }

  get baseline() {
    return baselineOf(this.#baselines, this.key);
  }

  pull(options: Partial<PullOptions> & { readonly patterns?: readonly string[] } = {}): Promise<PullResult> {
    const { patterns = ["**"], ...rest } = options;
    const since = { key: this.key, patterns };
    const given = { root: this.here, remotePath: this.there, exec, since, signal: never };
    return pull(this.#thread, { ...given, ...rest });
  }

  writeThere(path: string, content: string | Buffer): void {
    write(join(this.there, path), content);
  }

  writeHere(path: string, content: string | Buffer): void {
    write(join(this.here, path), content);
  }

  contentHere(path: string): string {
    return readFileSync(join(this.here, path), "utf8");
  }
}

function write(path: string, content: string | Buffer): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

const reasons = ({ skipped }: PullResult) => Object.fromEntries(skipped.map(({ path, reason }) => [path, reason]));

describe("a pull", function () {
  this.timeout(30_000);
  const folder = temporaryFolders();

  it("returns nothing if no program changed anything, with one process", async () => {
    const pair = Pair.synced(folder, nasty);
    let processes = 0;
    const result = await pair.pull({ exec: localPullExec({}, () => (processes += 1)) });
    assert.deepEqual(result, { ...result, files: 0, bytes: 0, conflicts: [], skipped: [], skippedCount: 0 });
    assert.equal(processes, 1);
  });

  it("returns every kind of entry that a program made", async () => {
    const pair = Pair.synced(folder, { "a.py": file() });
    build(join(pair.there), nasty);
    const result = await pair.pull();

    assert.deepEqual(Object.keys(reasons(result)).sort(), REFUSED);
    const expected = listTree(pair.there)
      .filter((line) => !isRefused(line))
      .map((line) => line.replace('"set-id" file 4755', '"set-id" file 755').replace("directory 555", "directory 755"));
    assert.deepEqual(listTree(pair.here), expected);
  });

  it("works with nothing but busybox in the sandbox", async function () {
    const bin = busyboxPath(folder());
    if (bin === undefined) skip(this, "needs busybox");
    const pair = Pair.synced(folder, { "a.py": file(), "keep.txt": file() });
    build(join(pair.there), nasty);
    // Busybox gives a link where others give a second file.
    const result = await pair.pull({ exec: localPullExec({ env: { PATH: bin } }) });
    assert.deepEqual(Object.keys(reasons(result)).sort(), REFUSED);
    const whole = listTree(pair.there).filter((line) => !isRefused(line) && !/^"set-id"|directory/.test(line));
    const here = listTree(pair.here).filter((line) => !/^"set-id"|directory/.test(line));
    assert.deepEqual(here, whole);
    assert.equal((await pair.pull({ exec: localPullExec({ env: { PATH: bin } }) })).files, 0);
  });

  it("updates files that did not change here, and knows them afterwards", async () => {
    const pair = Pair.synced(folder, { "state.json": file("old"), same: file("same") });
    pair.writeThere("state.json", "new");
    chmodSync(join(pair.there, "state.json"), 0o4711);
    assert.equal((await pair.pull()).files, 1);

    assert.equal(pair.contentHere("state.json"), "new");
    const stats = lstatSync(join(pair.here, "state.json"));
    assert.equal(stats.mode & 0o7777, 0o711);
    const known = pair.baseline.get("state.json");
    assert.ok(known?.kind === "file");
    assert.deepEqual(
      [known.size, known.mtimeMs, known.ctimeMs, known.ino],
      [3, stats.mtimeMs, stats.ctimeMs, stats.ino],
    );
    assert.equal(
      Math.floor(known.mtimeMs / 1000),
      Math.floor(lstatSync(join(pair.there, "state.json")).mtimeMs / 1000),
    );
    assert.equal((await pair.pull()).files, 0);
  });

  it("sees a file that was rewritten with the same size within the same second", async () => {
    const pair = Pair.synced(folder, { n: file("1") });
    const { mtimeMs } = lstatSync(join(pair.here, "n"));
    pair.writeThere("n", "2");
    const second = Math.floor(mtimeMs / 1000);
    utimesSync(join(pair.there, "n"), second + 0.123, second + 0.123);
    await pair.pull();
    assert.equal(pair.contentHere("n"), "2");
  });

  it("keeps both versions once if both sides changed a file, and the local one counts afterwards", async () => {
    const pair = Pair.synced(folder, { "r.csv": file("old") });
    pair.writeThere("r.csv", "theirs");
    pair.writeHere("r.csv", "mine!");
    assert.deepEqual((await pair.pull()).conflicts, [{ path: "r.csv", copy: "r (sandbox copy).csv" }]);
    assert.equal(pair.contentHere("r.csv"), "mine!");
    assert.equal(pair.contentHere("r (sandbox copy).csv"), "theirs");
    const known = pair.baseline.get("r.csv");
    assert.ok(known?.kind === "file" && known.size === 6 && known.ino === 0);

    assert.deepEqual((await pair.pull()).conflicts, []);
    pair.writeThere("r.csv", "theirs again");
    assert.deepEqual((await pair.pull()).conflicts, [{ path: "r.csv", copy: "r (sandbox copy 2).csv" }]);
    assert.equal(pair.contentHere("r.csv"), "mine!");
  });

  it("reports if another run or the user wrote the local version", async () => {
    const root = folder();
    const [one, two] = [folder(), folder()];
    const baselines = folder();
    const thread = threadFor(baselines);
    const pullFrom = (there: string, from: string) => {
      const key = { sandboxId: from, remotePath: there, root };
      noteBaseline(baselines, { ...key, root: folder() });
      return pull(thread, { root, remotePath: there, exec, since: { key, patterns: ["**"], from }, signal: never });
    };
    for (const [there, text] of [
      [one, "one"],
      [two, "two"],
    ] as const)
      for (const name of ["theirs.ipynb", "mine.csv"]) write(join(there, name), text);
    await pullFrom(one, "T4");
    write(join(root, "mine.csv"), "mine");
    const { conflicts } = await pullFrom(two, "L4");
    assert.deepEqual(
      [...conflicts].sort((a, b) => a.path.localeCompare(b.path)),
      [
        { path: "mine.csv", copy: "mine (sandbox copy from L4).csv" },
        { path: "theirs.ipynb", copy: "theirs (sandbox copy from L4).ipynb", other: "T4" },
      ],
    );
    assert.equal(readFileSync(join(root, "theirs.ipynb"), "utf8"), "one");
    assert.equal(readFileSync(join(root, "theirs (sandbox copy from L4).ipynb"), "utf8"), "two");
  });

  it("keeps both versions if a file that a program made was also made here, unless they are the same", async () => {
    const pair = Pair.synced(folder, {});
    for (const name of ["same", "other"]) pair.writeThere(name, "theirs");
    pair.writeHere("same", "theirs");
    pair.writeHere("other", "mine");
    const { conflicts, files } = await pair.pull();
    assert.deepEqual(conflicts, [{ path: "other", copy: "other (sandbox copy)" }]);
    assert.equal(files, 1);
    assert.equal(pair.contentHere("other"), "mine");
  });

  it("restores a changed file that was deleted here, and deletes nothing that is gone there", async () => {
    const pair = Pair.synced(folder, { "gone here": file(), "gone there": file("mine"), "d/x": file() });
    rmSync(join(pair.here, "gone here"));
    pair.writeThere("gone here", "worked on");
    rmSync(join(pair.there, "gone there"));
    rmSync(join(pair.there, "d"), { recursive: true });
    await pair.pull();
    assert.equal(pair.contentHere("gone here"), "worked on");
    assert.equal(pair.contentHere("gone there"), "mine");
    assert.ok(existsSync(join(pair.here, "d/x")));
  });

  it("handles files, folders and links that replaced each other", async () => {
    const pair = Pair.synced(folder, { a: file("a"), "b/x": file("x"), c: symlink("a"), d: file("d") });
    rmSync(join(pair.there, "a"));
    pair.writeThere("a/inside", "1");
    rmSync(join(pair.there, "b"), { recursive: true });
    pair.writeThere("b", "2");
    rmSync(join(pair.there, "c"));
    pair.writeThere("c", "3");
    rmSync(join(pair.there, "d"));
    symlinkSync("a", join(pair.there, "d"));
    const result = await pair.pull();
    assert.deepEqual(reasons(result), { "a/inside": "cannot be written: a isn't a folder here" });
    assert.deepEqual(result.conflicts, [{ path: "b", copy: "b (sandbox copy)" }]);
    assert.equal(pair.contentHere("a"), "a");
    assert.equal(pair.contentHere("b/x"), "x");
    assert.ok(lstatSync(join(pair.here, "c")).isFile());
    assert.ok(lstatSync(join(pair.here, "d")).isSymbolicLink());
  });

  it("returns files that local tools run by themselves only as copies, once, and reports them", async () => {
    const pair = Pair.synced(folder, { ".npmrc": file("mine"), "a/b": file() });
    for (const path of [
      ".npmrc",
      ".husky/pre-commit",
      "a/.gitignore",
      "a/x.code-workspace",
      "r/HEAD",
      "r/refs/heads/x",
    ])
      pair.writeThere(path, "theirs!");
    pair.writeThere(".v\u017Fcode/tasks.json", "x");
    mkdirSync(join(pair.there, ".github/workflows"), { recursive: true });
    const result = await pair.pull();

    assert.deepEqual(result.copies.map(({ path, copy, isHere }) => [path, copy, isHere]).sort(), [
      [".husky/pre-commit", ".husky.sandbox-copy/pre-commit", false],
      [".npmrc", ".npmrc.sandbox-copy", true],
      ["a/.gitignore", "a/.gitignore.sandbox-copy", false],
      ["a/x.code-workspace", "a/x.code-workspace.sandbox-copy", false],
      ["r/HEAD", "r/HEAD.sandbox-copy", false],
      ["r/refs/heads/x", "r/refs.sandbox-copy/heads/x", false],
    ]);
    assert.deepEqual(result.conflicts, []);
    assert.match(reasons(result)[".v\u017Fcode/tasks.json"] ?? "", /git or VS Code/);
    assert.deepEqual(
      readdirSync(pair.here, { recursive: true }).sort(),
      [
        ...[".husky.sandbox-copy", ".husky.sandbox-copy/pre-commit", ".npmrc", ".npmrc.sandbox-copy", "a"],
        ...["a/.gitignore.sandbox-copy", "a/b", "a/x.code-workspace.sandbox-copy", "r", "r/HEAD.sandbox-copy"],
        ...["r/refs.sandbox-copy", "r/refs.sandbox-copy/heads", "r/refs.sandbox-copy/heads/x"],
      ].sort(),
    );
    assert.equal(pair.contentHere(".npmrc"), "mine");
    assert.match(
      describePull(result) ?? "",
      /6 files were pulled only as copies, because tools read such files automatically \(/,
    );
    assert.equal(pair.baseline.get(".husky/pre-commit"), undefined);

    const again = await pair.pull();
    assert.deepEqual([again.files, again.copies], [0, []]);
    pair.writeThere(".husky/pre-commit", "other");
    assert.deepEqual((await pair.pull()).copies[0]?.copy, ".husky.sandbox-copy/pre-commit.sandbox-copy-2");
  });

  it("leaves a protected file as it is if it is the same here, and never follows a link to one", async () => {
    const pair = Pair.synced(folder, {
      "tools/hook": file("mine"),
      ".husky": symlink("tools"),
      ".npmrc": file("same"),
    });
    rmSync(join(pair.there, ".husky"));
    pair.writeThere(".husky/hook", "theirs");
    utimesSync(join(pair.there, ".npmrc"), 1, 1);
    const { copies } = await pair.pull();
    assert.deepEqual(copies, [{ ...copies[0], path: ".husky/hook", copy: ".husky.sandbox-copy/hook", isHere: false }]);
    assert.equal(pair.contentHere("tools/hook"), "mine");
  });

  it("asks about very many files, and leaves the rest in the sandbox without a yes", async () => {
    const pair = Pair.synced(folder, {});
    for (let n = 0; n < 30; n += 1) pair.writeThere(`f${n}`, "x");
    const result = await pair.pull({
      decide: () => Promise.resolve({ isOverwriting: false, maxBytes: 1e9, maxFiles: 10 }),
    });
    assert.equal(readdirSync(pair.here).length, 10);
    assert.deepEqual([result.files, result.skippedCount], [10, 20]);
    assert.match(Object.values(reasons(result))[0] ?? "", /stays in the sandbox \(more than 10 files\)/);
    assert.equal((await pair.pull()).files, 20);
  });

  it("ends with an error if the list, the archive or the errors of a sandbox are endless", async () => {
    const pair = Pair.synced(folder, { a: file("a") });
    pair.writeThere("made", "x");
    const children: ChildProcess[] = [];
    const running = localPullExec({}, (child) => children.push(child));
    const instead = (part: string, script: string) => (argv: string[]) =>
      argv.join(" ").includes(part) ? running(["sh", "-c", script]) : running(argv);
    const [list, archive] = ["%y %m %s", "tar -c"];

    for (const [part, script, message] of [
      [list, "printf 'find\\n'; yes '' | tr '\\n' '\\0'", /more files in the sandbox than a pull can list/],
      [list, "printf 'find\\n'; cat /dev/zero | tr '\\0' x", /more files in the sandbox than a pull can list/],
      [list, "yes error >&2", /kept reporting errors/],
      [archive, "yes error >&2", /kept reporting errors/],
      [archive, "cat /dev/zero", /much more than was requested/],
    ] as const)
      await assert.rejects(pair.pull({ exec: instead(part, script) }), message, script);
    assert.deepEqual(readdirSync(pair.here), ["a"]);
    await Promise.all(children.map(exited));
  });

  it("removes what a killed window left, but not what another window is writing", async () => {
    const pair = Pair.synced(folder, {});
    const mine = spawnSync("true").pid;
    const host = createHash("sha256").update(hostname()).digest("hex").slice(0, 8);
    const left = [`.modal-pull-${host}-${mine}-AbCdEf`, ".modal-pull-oldOne", `.modal-pull-00000000-1-AbCdEf`];
    const kept = [`.modal-pull-${host}-${process.ppid}-AbCdEf`, ".modal-pull-newOne", ".modal-pull-00000000-2-AbCdEf"];
    for (const name of [...left, ...kept]) pair.writeHere(`${name}/1`, "half");
    const longAgo = Date.now() / 1000 - 8 * 24 * 3600;
    for (const name of left.slice(1)) utimesSync(join(pair.here, name), longAgo, longAgo);
    pair.writeThere("made", "x");
    await pair.pull();
    assert.deepEqual(readdirSync(pair.here).sort(), [...kept, "made"].sort());
  });

  it("leaves out ignored, excluded and secret files, and earlier copies", async () => {
    const pair = Pair.synced(folder, {
      ".gitignore": file("*.log\n/out/\n!out/keep"),
      "sub/.gitignore": file("!a.log"),
    });
    const made = ["a.log", "sub/a.log", "sub/b.log", "out/x", "node_modules/m", "__pycache__/c.pyc", ".env", "id_rsa"];
    for (const path of [
      ...made,
      "kept",
      "x (sandbox copy).csv",
      "x.sandbox-copy",
      "venv/pyvenv.cfg",
      "venv/bin/python",
    ])
      pair.writeThere(path, "x");
    await pair.pull();
    const here = listTree(pair.here).filter((line) => line.includes(" file "));
    assert.deepEqual(
      here.map((line) => line.split('"')[1]),
      [".gitignore", "kept", "sub/.gitignore", "sub/a.log"],
    );
  });

  it("returns files that match the patterns, ignored or not, and a push ignores them", async () => {
    const pair = Pair.synced(folder, { ".gitignore": file("checkpoints/\n") });
    pair.writeThere("checkpoints/model.pt", "one");
    pair.writeThere("notes.txt", "x");
    pair.writeThere("big.tmp", "x");
    const patterns = ["**", "checkpoints/", "!*.tmp"];
    assert.equal((await pair.pull({ patterns })).files, 2);
    assert.deepEqual(readdirSync(pair.here).sort(), [".gitignore", "checkpoints", "notes.txt"]);
    assert.equal(pair.baseline.get("checkpoints/model.pt"), undefined);
    assert.ok(pair.baseline.get("notes.txt"));

    assert.equal((await pair.pull({ patterns })).files, 0);
    pair.writeThere("checkpoints/model.pt", "two!");
    assert.deepEqual((await pair.pull({ patterns })).conflicts, []);
    assert.equal(pair.contentHere("checkpoints/model.pt"), "two!");
    assert.equal((await pair.pull({ patterns: [] })).files, 0);
  });

  it("asks before it writes, and leaves out files that are too big", async () => {
    const pair = Pair.synced(folder, {});
    pair.writeThere("big", Buffer.alloc(3_000_000));
    pair.writeThere("small", "x");
    const canceled = pair.pull({ decide: () => Promise.resolve(undefined) });
    assert.ok(
      isAbort(
        await canceled.then(
          () => undefined,
          (error: unknown) => error,
        ),
      ),
    );
    assert.deepEqual(readdirSync(pair.here), []);

    const result = await pair.pull({
      decide: ({ files, bytes, biggest }) => {
        assert.deepEqual({ files, bytes, biggest: biggest[0]?.path }, { files: 2, bytes: 3_000_001, biggest: "big" });
        return Promise.resolve({ isOverwriting: false, maxBytes: 1000 });
      },
    });
    assert.deepEqual(readdirSync(pair.here), ["small"]);
    assert.deepEqual(reasons(result), { big: "stays in the sandbox (3.0 MB)" });
  });

  it("reports a vanished file and an unreadable one, and returns the rest", async () => {
    const pair = Pair.synced(folder, {});
    for (const name of ["gone", "stays"]) pair.writeThere(name, "x");
    const result = await pair.pull({
      decide: () => {
        rmSync(join(pair.there, "gone"));
        return Promise.resolve({ isOverwriting: false, maxBytes: 1000 });
      },
    });
    assert.deepEqual(reasons(result), { gone: "vanished before it could be sent" });
    assert.deepEqual(readdirSync(pair.here), ["stays"]);
  });

  it("never mistakes a failed listing for an empty folder", async () => {
    const pair = Pair.synced(folder, { a: file("a") });
    const failing = (script: string) => pair.pull({ exec: () => exec(["sh", "-c", script]) });
    await assert.rejects(failing("printf 'find\\n'"), /was cut off/);
    await assert.rejects(failing("exit 0"), /was cut off/);
    await assert.rejects(failing("printf 'find\\nend'"), /listed no files/);
    await assert.rejects(failing("exit 42"), /does not exist/);
    await assert.rejects(failing("exit 127"), /needs find/);
    await assert.rejects(pair.pull({ remotePath: join(pair.there, "nope") }), /does not exist/);
    assert.equal(pair.contentHere("a"), "a");
  });

  it("downloads a file or a whole folder by its path, next to what is here", async () => {
    const there = build(folder(), {
      "out/a.log": file("a"),
      "out/.env": file("e"),
      "out/empty": directory(),
      x: file("x"),
    });
    const root = build(folder(), { x: file("mine") });
    const options = { root, remotePath: there, exec, signal: never };
    const thread = threadFor(folder());
    await pull(thread, { ...options, path: "out" });
    assert.deepEqual(listTree(join(root, "out")), listTree(join(there, "out")));

    const decide = (isOverwriting: boolean) => (plan: { existing: number }) => {
      assert.equal(plan.existing, 1);
      return Promise.resolve({ isOverwriting, maxBytes: 1e9 });
    };
    await pull(thread, { ...options, path: "x", decide: decide(false) });
    assert.equal(readFileSync(join(root, "x"), "utf8"), "mine");
    assert.equal(readFileSync(join(root, "x (sandbox copy)"), "utf8"), "x");
    await pull(thread, { ...options, path: "x", decide: decide(true) });
    assert.equal(readFileSync(join(root, "x"), "utf8"), "x");
  });

  it("ends when it is canceled without waiting for the sandbox, ends the sender, and keeps complete files", async () => {
    const pair = Pair.synced(folder, {});
    for (let n = 0; n < 40; n += 1) pair.writeThere(`f${n}`, Buffer.alloc(10_000_000, n));
    const abort = new AbortController();
    const children: ChildProcess[] = [];
    const running = localPullExec({}, (child) => children.push(child));
    const never = new Promise<number>(() => undefined);
    const work = pair.pull({
      // A sandbox that is slow to answer: the ends of its processes are not heard after the cancellation.
      exec: async (argv) => {
        const process = await running(argv);
        return { ...process, exitCode: process.exitCode.then((code) => (abort.signal.aborted ? never : code)) };
      },
      signal: abort.signal,
      onProgress: ({ files }) => {
        if (files >= 3) abort.abort();
      },
    });
    await assert.rejects(work, isAbort);
    await Promise.all(children.map(exited));
    const names = readdirSync(pair.here);
    assert.ok(names.length >= 3 && names.length < 40);
    for (const name of names) assert.equal(lstatSync(join(pair.here, name)).size, 10_000_000, name);
    assert.equal(names.filter((name) => pair.baseline.has(name)).length, names.length);
    assert.equal((await pair.pull()).files, 40 - names.length);
  });

  it("keeps complete files when the connection breaks, and returns the rest the next time", async () => {
    const pair = Pair.synced(folder, {});
    for (let n = 0; n < 30; n += 1) pair.writeThere(`f${n}`, Buffer.alloc(100_000, n));
    const next = random(5);
    for (let round = 0; round < 10; round += 1) {
      let left = Math.floor(next() * 2_000_000);
      const cut = async (argv: string[]) => {
        const process = await exec(argv);
        if (!argv.join(" ").includes("tar -c")) return process;
        return {
          ...process,
          stdout: cutAfter(
            process.stdout,
            () => left,
            (length) => (left -= length),
          ),
        };
      };
      const error = await pair.pull({ exec: cut }).then(
        () => undefined,
        (failure: unknown) => failure,
      );
      assert.ok(error === undefined || error instanceof UserError, String(error));
      for (const name of readdirSync(pair.here)) assert.equal(lstatSync(join(pair.here, name)).size, 100_000, name);
    }
    await pair.pull();
    assert.deepEqual(listTree(pair.here), listTree(pair.there));
  });

  it("loses no byte that a person or a program wrote, whatever both do", async function () {
    this.timeout(120_000);
    const next = random(20261121);
    const names = ["a", "b", "c", "d/e", "d/f", "g/h/i", "j"];
    const pick = () => names[Math.floor(next() * names.length)] ?? "a";
    for (let round = 0; round < 25; round += 1) {
      const pair = Pair.synced(
        folder,
        Object.fromEntries(names.filter(() => next() < 0.7).map((path) => [path, file(`old ${path}`)])),
      );
      for (let pulls = 0; pulls < 3; pulls += 1) {
        const written = new Set<string>();
        const editHere = new Map<string, string>();
        const editThere = new Map<string, string>();
        for (let edit = 0; edit < 4; edit += 1) {
          const [path, content] = [pick(), `${round} ${pulls} ${edit}`.padEnd(10 + Math.floor(next() * 3))];
          const isHere = next() < 0.5;
          if (next() < 0.2) {
            rmSync(join(isHere ? pair.here : pair.there, path), { force: true });
            (isHere ? editHere : editThere).delete(path);
          } else {
            (isHere ? editHere : editThere).set(path, content);
            if (isHere) pair.writeHere(path, content);
            else pair.writeThere(path, content);
          }
        }
        for (const content of [...editHere.values(), ...editThere.values()]) written.add(content);
        const before = contents(pair.here);
        await pair.pull();
        const after = contents(pair.here);
        const kept = new Set(after.values());
        for (const content of written) assert.ok(kept.has(content), `round ${round}: ${content} is gone`);
        for (const [path, content] of editHere) assert.equal(after.get(path), content);
        for (const [path, content] of editThere)
          if (before.get(path) === undefined) assert.equal(after.get(path), content, `round ${round}: ${path}`);
        for (const path of before.keys()) assert.ok(after.has(path));
      }
    }
  });

  it("keeps the local version of a file that changes whenever it is read, and reports it", async () => {
    const pair = Pair.synced(folder, { steady: file("old"), "big.bin": file("old") });
    pair.writeThere("steady", "new");
    pair.writeThere("big.bin", "one version");
    const senders = changing("big.bin", () => true);
    const result = await pair.pull({ exec: senders.exec });
    assert.deepEqual([pair.contentHere("steady"), pair.contentHere("big.bin")], ["new", "old"]);
    assert.equal(
      describePull(result),
      "Pulled 1 file, 3 B; big.bin changed while it was being pulled, so it was left in the sandbox (pull again later)",
    );
    assert.deepEqual([result.leftCount, result.skipped, senders.count()], [1, [], 2]);
    assert.equal((await pair.pull()).files, 1);
    assert.match(pair.contentHere("big.bin"), /^one version\.+$/);
  });

  it("asks once more for a file that changed while it was read", async () => {
    const pair = Pair.synced(folder, { "big.bin": file("old") });
    pair.writeThere("big.bin", "one version");
    const senders = changing("big.bin", (count) => count === 1);
    const result = await pair.pull({ exec: senders.exec });
    assert.equal(pair.contentHere("big.bin"), readFileSync(join(pair.there, "big.bin"), "utf8"));
    assert.match(pair.contentHere("big.bin"), /^one version\.+$/);
    assert.deepEqual([result.files, result.changing, senders.count()], [1, [], 2]);
    assert.equal((await pair.pull()).files, 0);
  });

  it("returns a growing file as it was, or complete the next time", async () => {
    const pair = Pair.synced(folder, {});
    pair.writeThere("log", Buffer.alloc(2_000_000, "x"));
    const result = await pair.pull({
      decide: () => {
        appendFileSync(join(pair.there, "log"), "more");
        return Promise.resolve({ isOverwriting: false, maxBytes: 1e9 });
      },
    });
    assert.deepEqual(result.skipped, []);
    await pair.pull();
    assert.equal(lstatSync(join(pair.here, "log")).size, 2_000_004);
  });
});

/** Runs what a pull wants run. A program changes the file while the senders that `isChanging` names, from 1 on, read it. */
function changing(path: string, isChanging: (count: number) => boolean) {
  let count = 0;
  // Times of files advance in steps, so the program writes until its change shows.
  const program = `while [ -z "$(find '${path}' -newer "$2.since")" ]; do printf . >>'${path}'; done`;
  const running = (argv: string[]) => {
    if (!argv.join(" ").includes("tar -c")) return exec(argv);
    count += 1;
    return exec(isChanging(count) ? argv.map((word) => word.replace("status=$?\n", `status=$?\n${program}\n`)) : argv);
  };
  return { exec: running, count: () => count };
}

async function exited(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}

/** Path to content of every file. */
function contents(root: string): Map<string, string> {
  const found = new Map<string, string>();
  const visit = (path: string) => {
    for (const name of readdirSync(join(root, path))) {
      const inner = path === "" ? name : `${path}/${name}`;
      if (lstatSync(join(root, inner)).isDirectory()) visit(inner);
      else found.set(inner, readFileSync(join(root, inner), "utf8"));
    }
  };
  visit("");
  return found;
}

async function* cutAfter(
  stream: AsyncIterable<Uint8Array>,
  left: () => number,
  spend: (length: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of stream) {
    const part = chunk.subarray(0, left());
    spend(part.length);
    yield part;
    if (part.length < chunk.length) return;
  }
}
