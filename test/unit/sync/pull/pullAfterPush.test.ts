import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { after, describe, it } from "mocha";

import { BaselineStore, type BaselineKey } from "../../../../src/sync/folder/baseline";
import { pull, type PullOptions } from "../../../../src/sync/pull/pull";
import { PullOrigins } from "../../../../src/sync/pull/pullOrigins";
import { PullSession } from "../../../../src/sync/pull/pullSession";
import { skip } from "../../../support/skip";
import { baselineOf, localPullExec, noteBaseline } from "../support/pulling";
import { build, file, listTree, symlink, temporaryFolders } from "../support/folders";
import { busyboxPath, localExec } from "../support/localExec";
import { SyncWindow } from "../support/pushing";

const signal = new AbortController().signal;

describe("a pull right after a push", function () {
  const inNewWindow = async <T>(work: (other: SyncWindow) => Promise<T>): Promise<T> => {
    const other = new SyncWindow(baselineFolder);
    try {
      return await work(other);
    } finally {
      other.dispose();
    }
  };

  /** How many files a window that knows only what is on disk pulls. */
  const pullAll = (key: BaselineKey, exec: PullOptions["exec"]) =>
    inNewWindow(async ({ thread }) => {
      const since = { key, patterns: ["**"] };
      return (await pull(thread, { root: key.root, remotePath: key.remotePath, since, exec, signal })).files;
    });

  this.timeout(60_000);
  const folder = temporaryFolders();
  const baselineFolder = folder();
  const window = new SyncWindow(baselineFolder);
  after(() => window.dispose());

  it("knows everything that was pushed, however much it was", async () => {
    const [root, there] = [folder(), folder()];
    build(root, Object.fromEntries(Array.from({ length: 2500 }, (_, n) => [`f${n}`, file("text")])));
    const key = { sandboxId: "sb", remotePath: there, root };
    await window.push({ root, remotePath: there, exec: localExec(), signal });
    build(there, { made: file("output") });

    let planned = 0;
    const decide = ({ files }: { readonly files: number }) => {
      planned = files;
      return Promise.resolve({ isOverwriting: false, maxBytes: 1e9 });
    };
    const since = { key, patterns: ["**"] };
    await pull(window.thread, { root, remotePath: there, since, exec: localPullExec(), decide, signal });

    assert.equal(planned, 1);
  });

  for (const tools of ["GNU", "busybox"])
    it(`returns only those of the image's files that were changed or made since (${tools})`, async function () {
      const bin = tools === "GNU" ? process.env.PATH : busyboxPath(folder());
      if (bin === undefined) skip(this, "needs busybox");
      const env = { PATH: bin };
      const [root, there] = [folder(), folder()];
      build(root, { "main.py": file("mine") });
      build(there, {
        "lib/a.py": file("image"),
        "b.py": file("image"),
        l: symlink("b.py"),
        "main.py": file("image's"),
      });
      await window.push({ root, remotePath: there, sandboxId: `image-${tools}`, exec: localExec({ env }), signal });

      build(there, { "b.py": file("changed"), "lib/made": file("output") });
      const since = { key: { sandboxId: `image-${tools}`, remotePath: there, root }, patterns: ["**"] };
      const result = await pull(window.thread, {
        root,
        remotePath: there,
        since,
        exec: localPullExec({ env }),
        signal,
      });

      assert.equal(result.files, 2);
      const names = listTree(root).map((line) => line.split('"')[1]);
      assert.deepEqual(names, ["b.py", "lib", "lib/made", "main.py"]);
    });

  for (const tools of ["GNU", "busybox"])
    it(`sees a file that was rewritten with the same size and time, once (${tools})`, async function () {
      const bin = tools === "GNU" ? process.env.PATH : busyboxPath(folder());
      if (bin === undefined) skip(this, "needs busybox");
      const env = { PATH: bin };
      const [root, there] = [folder(), folder()];
      const names = ["a/n", "b/n", "c/n", "d/n", "e/n", "f/n"];
      build(root, Object.fromEntries(names.map((name) => [name, file("1")])));
      const key = { sandboxId: `again-${tools}`, remotePath: there, root };
      const exec = localExec({ env });
      await window.push({ ...key, exec, signal });
      for (const name of names) build(root, { [name]: file("22") });
      await window.push({ ...key, exec, signal });

      const pulling = async () => {
        const since = { key, patterns: ["**"] };
        return pull(window.thread, { root, remotePath: there, since, exec: localPullExec({ env }), signal });
      };
      let planned = 0;
      const since = { key, patterns: ["**"] };
      const decide = ({ files }: { readonly files: number }) => Promise.resolve(void (planned = files));
      await assert.rejects(
        pull(window.thread, { root, remotePath: there, since, exec: localPullExec({ env }), decide, signal }),
      );
      assert.equal(planned, 0, "what a push has just placed is not touched");

      const path = join(there, "c/n");
      const { atime, mtime } = statSync(path);
      const pushedAt = statSync(join(there, ".modal-sync")).ctimeMs;
      do {
        writeFileSync(path, "33");
        utimesSync(path, atime, mtime);
      } while (statSync(path).ctimeMs <= pushedAt);
      assert.equal((await pulling()).files, 1);
      assert.equal(readFileSync(join(root, "c/n"), "utf8"), "33");
      assert.equal((await pulling()).files, 0);

      writeFileSync(join(root, "c/n"), "by the user");
      const { conflicts } = await window.push({ ...key, exec, signal });
      assert.deepEqual(conflicts, [], "the push knows the file that the pull brought");
    });

  for (const tools of ["GNU", "busybox"])
    it(`sees a file that was rewritten with the same size and time before another push (${tools})`, async function () {
      const bin = tools === "GNU" ? process.env.PATH : busyboxPath(folder());
      if (bin === undefined) skip(this, "needs busybox");
      const env = { PATH: bin };
      const [root, there] = [folder(), folder()];
      const key = { sandboxId: `between-${tools}`, remotePath: there, root };
      const pushing = () => inNewWindow((other) => other.push({ ...key, exec: localExec({ env }), signal }));
      const pulling = () => pullAll(key, localPullExec({ env }));
      build(there, { image: file("1") });
      build(root, { first: file("1"), untouched: file("1"), other: file("1") });
      await pushing();
      build(root, { second: file("1"), other: file("2") });
      await pushing();
      assert.equal(await pulling(), 0, "nothing that a push placed looks written");
      build(there, { pulled: file("1") });
      assert.equal(await pulling(), 1);

      for (const [index, name] of ["first", "second", "pulled", "image"].entries()) {
        rewriteUnseen(there, name, "2");
        build(root, { other: file(`${index}`) });
        await pushing();
        assert.equal(await pulling(), 1, `${name} is pulled`);
        assert.equal(readFileSync(join(root, name), "utf8"), "2");
        assert.equal(await pulling(), 0, `${name} is pulled once`);
      }
    });

  it("sees a file that was rewritten with the same size and time before a push that has to ask the sandbox", async () => {
    const [root, there] = [folder(), folder()];
    const key = { sandboxId: "asking", remotePath: there, root };
    build(root, { a: file("1"), other: file("1") });
    await window.push({ ...key, exec: localExec(), signal });
    // A push cannot rely on the times of files that were made a moment before, so the next one sends them again.
    await window.push({ ...key, exec: localExec(), signal });
    rewriteUnseen(there, "a", "2");
    writeFileSync(join(there, ".modal-sync"), "of another push\n");
    build(root, { other: file("2") });
    await window.push({ ...key, exec: localExec(), signal });
    assert.equal(await pullAll(key, localPullExec()), 1);
  });

  it("sees a file that was rewritten with the same size and time in a sandbox whose files were known before", async () => {
    const [root, there] = [folder(), folder()];
    const first = { sandboxId: "first", remotePath: there, root };
    build(root, { a: file("1"), other: file("1") });
    await window.push({ ...first, exec: localExec(), signal });
    await window.push({ ...first, exec: localExec(), signal });

    const resumed = { ...first, sandboxId: "resumed" };
    await window.push({ ...resumed, exec: localExec(), signal });
    rewriteUnseen(there, "a", "2");
    build(root, { other: file("2") });
    await window.push({ ...resumed, exec: localExec(), signal });
    assert.equal(await pullAll(resumed, localPullExec()), 1);
    assert.equal(readFileSync(join(root, "a"), "utf8"), "2");
  });

  it("keeps a local file that was rewritten right after the push with the same size and time", async () => {
    const [root, there] = [folder(), folder()];
    const key = { sandboxId: "sb", remotePath: there, root };
    build(root, { other: file("1") });
    await window.push({ ...key, exec: localExec(), signal });
    const [here, stamp] = [join(root, "a"), join(folder(), "stamp")];
    writeFileSync(here, "1");
    const { ctimeMs } = statSync(here);
    execFileSync("touch", ["-r", here, stamp]);
    await window.push({ ...key, exec: localExec(), signal });
    do {
      writeFileSync(here, "2");
      execFileSync("touch", ["-r", stamp, here]);
    } while (statSync(here).ctimeMs <= ctimeMs);
    writeFileSync(join(there, "a"), "by a program");

    const since = { key, patterns: ["**"] };
    const pulling = pull(window.thread, { root, remotePath: there, since, exec: localPullExec(), signal });
    assert.deepEqual(
      (await pulling).conflicts.map(({ path }) => path),
      ["a"],
    );
    assert.equal(readFileSync(here, "utf8"), "2");
  });

  it("plans nothing in a copy of the sandbox, where every file has the change time of the copy", async () => {
    const [root, there] = [folder(), folder()];
    build(root, { a: file("1") });
    const key = { sandboxId: "sb", remotePath: there, root };
    await window.push({ ...key, exec: localExec(), signal });
    const marker = join(there, ".modal-sync");
    utimesSync(marker, 1e9, 1e9);
    do chmodSync(join(there, "a"), 0o644);
    while (statSync(join(there, "a")).ctimeMs <= statSync(marker).ctimeMs);

    const since = { key, patterns: ["**"] };
    let planned = -1;
    const decide = ({ files }: { readonly files: number }) => {
      planned = files;
      return Promise.resolve({ isOverwriting: false, maxBytes: 1e9 });
    };
    await pull(window.thread, { root, remotePath: there, since, exec: localPullExec(), decide, signal });
    assert.equal(planned, 0);
  });

  it("still knows the pushed files after a listing with too many entries after its end", () => {
    const [root, baselines] = [folder(), folder()];
    const key = { sandboxId: "sb", remotePath: "/there", root };
    build(root, { a: file("1"), b: file("1") });
    noteBaseline(baselines, key);
    const context = {
      baselines: new BaselineStore(baselines),
      origins: new PullOrigins(),
      rules: { isWindows: false, foldsCase: false },
    };
    const session = new PullSession(root, { key, patterns: ["**"], into: "runs" }, context);
    session.write(Buffer.from("find\nf 644 1 1.5 1.5 ./a\0\0end"));
    session.write(Buffer.alloc(256 * 1024 * 1024));
    assert.equal(session.plan().listing, "tooMuch");
    session.finish(true);
    assert.deepEqual([...baselineOf(baselines, key).keys()], ["a", "b"]);
  });

  it("does not sync with a system folder of the sandbox", async () => {
    const work = window.push({ root: folder(), remotePath: "/etc", exec: localExec(), signal });
    await assert.rejects(work, /\/etc belongs to the sandbox's operating system/);
  });
});

/** Writes a file again after the last push, with the size and time that it has. */
function rewriteUnseen(folder: string, name: string, text: string): void {
  const path = join(folder, name);
  const stamp = `${folder}-stamp`;
  execFileSync("touch", ["-r", path, stamp]);
  const pushedAt = statSync(join(folder, ".modal-sync")).ctimeMs;
  do {
    writeFileSync(path, text);
    execFileSync("touch", ["-r", stamp, path]);
  } while (statSync(path).ctimeMs <= pushedAt);
  rmSync(stamp);
}
