import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, describe, it } from "mocha";

import { explain } from "../../../../src/sync/rules/explain";
import { listExcluded } from "../../../../src/sync/rules/excluded";
import type { PullResult } from "../../../../src/sync/pull/pull";
import { pull } from "../../../../src/sync/pull/pull";
import type { PushResult } from "../../../../src/sync/push/pushRequest";
import { scan } from "../../../../src/sync/folder/scan";
import { withOwnState } from "../../support/stateFolder";
import { build, file, listTree, temporaryFolders, type Listing } from "../support/folders";
import { busyboxPath, localExec } from "../support/localExec";
import { localPullExec } from "../support/pulling";
import { SyncWindow } from "../support/pushing";

const signal = new AbortController().signal;

/** A folder, a sandbox, and the runs that share it. */
class Group {
  readonly root: string;
  readonly there: string;
  readonly #baselines: string;
  readonly #env: NodeJS.ProcessEnv;
  #window: SyncWindow;

  constructor(folder: () => string, listing: Listing, env = process.env) {
    this.root = build(folder(), listing);
    this.there = join(folder(), "remote");
    this.#baselines = folder();
    this.#env = env;
    this.#window = new SyncWindow(this.#baselines);
  }

  push(isFresh = true, exec = localExec({ env: this.#env })): Promise<PushResult> {
    return this.#window.push({
      root: this.root,
      remotePath: this.there,
      exec,
      isFresh,
      putsLeftAside: isFresh,
      signal,
    });
  }

  pull(into?: string, { patterns = ["**"], maxBytes = 1e9 } = {}): Promise<PullResult> {
    const key = { sandboxId: "sb", remotePath: this.there, root: this.root };
    return pull(this.#window.thread, {
      root: this.root,
      remotePath: this.there,
      exec: localPullExec({ env: this.#env }),
      signal,
      since: { key, patterns, ...(into !== undefined && { into }) },
      decide: () => Promise.resolve({ isOverwriting: false, maxBytes }),
    });
  }

  /** Another window takes over. */
  reopen(): void {
    this.#window.dispose();
    this.#window = new SyncWindow(this.#baselines);
  }

  write(path: string, text: string): void {
    const absolute = join(this.there, path);
    mkdirSync(dirname(absolute), { recursive: true });
    writeFileSync(absolute, text);
  }

  here(path: string): string {
    return readFileSync(join(this.root, path), "utf8");
  }

  dispose(): void {
    this.#window.dispose();
  }
}

/** Where on this machine the outputs are that a push moved aside. */
async function movedBy(push: Promise<PushResult>): Promise<string> {
  const { movedTo } = await push;
  assert.ok(movedTo !== undefined, "nothing was moved aside");
  const [moved = ""] = withOwnState([movedTo]);
  return moved;
}

describe("a pull into an output folder", function () {
  this.timeout(60_000);
  const folder = temporaryFolders();
  const groups: Group[] = [];
  const group = (...given: [Listing, NodeJS.ProcessEnv?]) => {
    const made = new Group(folder, ...given);
    groups.push(made);
    return made;
  };
  after(() => {
    for (const one of groups) one.dispose();
  });
  const pushed: Listing = {
    "runs/g/.modal-results": file(""),
    "main.py": file("main"),
    "conf.json": file("{}"),
    "data/x": file("x"),
  };
  const busybox = busyboxPath(folder());
  const userlands = [
    ["this machine", process.env] as const,
    ...(busybox ? [["busybox", { ...process.env, PATH: busybox }] as const] : []),
  ];

  for (const [name, env] of userlands)
    it(`leaves the synced folder as it is, and the next run finds it as it was pushed (${name})`, async () => {
      const runs = group({ ...pushed, ".gitignore": file("cache/\n") }, env);
      await runs.push();
      const before = listTree(runs.there);
      for (const set of ["one", "two", "three"]) {
        runs.write("out/metrics.json", set);
        runs.write("out/deep/er/log", `log ${set}`);
        runs.write("conf.json", `{"changed": "${set}"}`);
        runs.write("cache/download", "expensive");
        rmSync(join(runs.there, "data"), { recursive: true });
        const { files, conflicts } = await runs.pull(`runs/g/${set}`);
        assert.deepEqual([files, conflicts], [3, []]);
        const { conflicts: kept, deleted } = await runs.push();
        assert.deepEqual([kept, deleted], [[], 0]);
        assert.deepEqual(
          listTree(runs.there).filter((line) => !line.startsWith('"cache')),
          before,
        );
        assert.equal(readFileSync(join(runs.there, "cache/download"), "utf8"), "expensive");
      }
      assert.equal(runs.here("conf.json"), "{}");
      assert.ok(!existsSync(join(runs.root, "out")));
      for (const set of ["one", "two", "three"]) {
        assert.equal(runs.here(`runs/g/${set}/out/metrics.json`), set);
        assert.equal(runs.here(`runs/g/${set}/out/deep/er/log`), `log ${set}`);
        assert.equal(runs.here(`runs/g/${set}/conf.json`), `{"changed": "${set}"}`);
      }
    });

  it("is remembered by the next window, which pulls nothing twice and moves the same files aside", async () => {
    const runs = group(pushed);
    await runs.push();
    runs.write("out/a", "a");
    await runs.pull("runs/g/1");
    runs.reopen();
    assert.equal((await runs.pull()).files, 0);
    assert.equal((await runs.pull("runs/g/2")).files, 0);
    await runs.push();
    assert.ok(!existsSync(join(runs.there, "out")));
  });

  it("leaves the files of the previous run to a run that shares the folder, which pulls only its own", async () => {
    const runs = group(pushed);
    await runs.push(false);
    runs.write("model", "of one");
    await runs.pull("runs/g/one");
    await runs.push(false);
    assert.equal(readFileSync(join(runs.there, "model"), "utf8"), "of one");
    runs.write("score", "of two");
    assert.equal((await runs.pull("runs/g/two")).files, 1);
    runs.write("score", "of neither");
    assert.equal((await runs.pull()).files, 1);
    assert.equal(runs.here("score"), "of neither");
    assert.ok(!existsSync(join(runs.root, "model")));
  });

  it("does not delete files that changed after they were pulled", async () => {
    const runs = group(pushed);
    await runs.push();
    runs.write("out", "pulled");
    await runs.pull("runs/g/1");
    runs.write("out", "changed by a shell");
    const { conflicts } = await runs.push();
    assert.deepEqual(conflicts, [{ path: "out", keptAs: "out" }]);
    assert.equal(readFileSync(join(runs.there, "out"), "utf8"), "changed by a shell");
  });

  it("moves files that were too big to pull aside in the sandbox, and reports where", async () => {
    const runs = group(pushed);
    await runs.push();
    runs.write("small", "small");
    runs.write("conf.json", "x".repeat(2000));
    runs.write("deep/big it's", "y".repeat(3000));
    const result = await runs.pull("runs/g/1", { maxBytes: 1000 });
    assert.deepEqual([result.files, result.leftCount], [1, 2]);
    const { movedTo = "", conflicts } = await runs.push();
    assert.match(movedTo, /^\/tmp\/\.modal-sandboxes\/kept\/\d+$/);
    const [moved = ""] = withOwnState([movedTo]);
    try {
      assert.deepEqual(conflicts, []);
      assert.equal(readFileSync(join(moved, "conf.json"), "utf8"), "x".repeat(2000));
      assert.equal(readFileSync(join(moved, "deep/big it's"), "utf8"), "y".repeat(3000));
      assert.equal(readFileSync(join(runs.there, "conf.json"), "utf8"), "{}");
      assert.ok(!existsSync(join(runs.there, "small")));
      assert.ok(!existsSync(join(runs.there, "deep")));
      assert.equal((await runs.push()).movedTo, undefined);
    } finally {
      rmSync(moved, { recursive: true });
    }
  });

  it("counts only files that could have been pulled as left behind, and also moves the rest aside", async () => {
    const runs = group(pushed);
    await runs.push();
    runs.write("deep/blocked", "blocked here");
    symlinkSync("/etc/hostname", join(runs.there, "absolute"));
    execFileSync("mkfifo", [join(runs.there, "fifo")]);
    const first = await runs.pull("runs/g/1");
    assert.deepEqual([first.files, first.leftCount], [1, 0]);

    writeFileSync(join(runs.there, "deep/blocked"), "once more");
    mkdirSync(join(runs.root, "runs/g/2"), { recursive: true });
    writeFileSync(join(runs.root, "runs/g/2/deep"), "in the way");
    assert.equal((await runs.pull("runs/g/2")).leftCount, 1);
    const moved = await movedBy(runs.push());
    try {
      assert.deepEqual(readdirSync(moved).sort(), ["absolute", "deep", "fifo"]);
      assert.deepEqual(readdirSync(runs.there).sort(), [".modal-sync", "conf.json", "data", "main.py"]);
    } finally {
      rmSync(moved, { recursive: true });
    }
  });

  for (const [name, patterns] of [
    ["that was never pulled", undefined],
    ["that matches no pattern of the pull", ["*.json"]],
  ] as const)
    it(`moves aside a run's leftover: ${name}`, async () => {
      const runs = group({ ...pushed, ".gitignore": file("cache/\n") });
      runs.write("of the image", "not an output");
      await runs.push();
      const before = listTree(runs.there);
      runs.write("out/deep/x", "of one");
      runs.write("metrics.json", "{}");
      runs.write("conf.json", "changed");
      runs.write("cache/download", "expensive");
      if (patterns) assert.equal((await runs.pull("runs/g/1", { patterns: [...patterns] })).files, 2);
      runs.reopen();
      const moved = await movedBy(runs.push());
      try {
        assert.equal(readFileSync(join(moved, "out/deep/x"), "utf8"), "of one");
        assert.equal(existsSync(join(moved, "metrics.json")), patterns === undefined);
        assert.deepEqual(
          listTree(runs.there).filter((line) => !line.startsWith('"cache')),
          before,
        );
        assert.equal(readFileSync(join(runs.there, "cache/download"), "utf8"), "expensive");
        assert.equal((await runs.push()).movedTo, undefined);
      } finally {
        rmSync(moved, { recursive: true });
      }
    });

  it("refuses the next run if outputs may be left and the sandbox cannot list them", async () => {
    const runs = group(pushed);
    await runs.push();
    runs.write("out", "of one");
    const exec = localExec();
    const listless: typeof exec = (argv) => exec(argv.join(" ").includes("-xdev") ? ["sh", "-c", "exit 41"] : argv);
    await assert.rejects(runs.push(true, listless), /cannot list .* may still be there/);
    assert.equal(readFileSync(join(runs.there, "out"), "utf8"), "of one");
    rmSync(await movedBy(runs.push()), { recursive: true });
    assert.ok(!existsSync(join(runs.there, "out")));
  });

  it("reports the outputs that are still in place, and overwrites none with the name of their list", async () => {
    const runs = group(pushed);
    await runs.push();
    runs.write(".list", "an output");
    const strange = Buffer.concat([Buffer.from(`${runs.there}/a`), Buffer.from([0xff])]);
    writeFileSync(strange, "of one");
    const result = await runs.push();
    const moved = await movedBy(Promise.resolve(result));
    try {
      assert.deepEqual(result.inPlace, ["a\uFFFD"]);
      assert.equal(readFileSync(join(moved, ".list"), "utf8"), "an output");
      assert.equal(readFileSync(strange, "utf8"), "of one");
    } finally {
      rmSync(moved, { recursive: true });
    }
  });

  it("lets a user's edit replace a file that a run changed and a pull returned, without keeping it twice", async () => {
    const runs = group(pushed);
    await runs.push(false);
    runs.write("conf.json", "of the run");
    await runs.pull("runs/g/1");
    writeFileSync(join(runs.root, "conf.json"), "of the user");
    assert.deepEqual((await runs.push(false)).conflicts, []);
    assert.equal(readFileSync(join(runs.there, "conf.json"), "utf8"), "of the user");
    runs.write("conf.json", "of a later run");
    await runs.pull();
    assert.equal(runs.here("conf.json"), "of a later run");
    assert.deepEqual((await runs.push()).conflicts, []);
  });

  it("returns the files of the output folder, ignored or not, but not an empty folder", async () => {
    const runs = group({ ...pushed, ".gitignore": file("modal-outputs/\n") });
    await runs.push();
    mkdirSync(join(runs.there, "modal-outputs"));
    await runs.pull("runs/g/1");
    assert.ok(!existsSync(join(runs.root, "runs/g/1/modal-outputs")));
    runs.write("modal-outputs/model.pt", "weights");
    await runs.pull("runs/g/1");
    assert.equal(runs.here("runs/g/1/modal-outputs/model.pt"), "weights");
    assert.equal((await runs.pull(undefined, { patterns: [] })).files, 0);
    await runs.push();
    assert.ok(!existsSync(join(runs.there, "modal-outputs/model.pt")));
  });

  it("uses a folder that no push reads, which the explanation and the preview name", () => {
    const root = build(folder(), {
      "runs/train.py-2026-11-28-2105/.modal-results": file(""),
      "runs/train.py-2026-11-28-2105/T4/out": file("out"),
      "runs/mine/out": file("mine"),
    });
    assert.deepEqual(
      scan(root).entries.map(({ path }) => path),
      ["runs", "runs/mine", "runs/mine/out"],
    );
    const path = "runs/train.py-2026-11-28-2105";
    const { reason, isSynced } = explain(root, `${path}/T4/out`);
    assert.deepEqual([reason, isSynced], ["results", false]);
    assert.deepEqual(listExcluded(root), [{ by: "results", count: 1, examples: [path] }]);
  });
});
