import assert from "node:assert/strict";
import { chmodSync, chownSync, lstatSync, mkdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { after, before, describe, it } from "mocha";

import { isRoot, skip, skipForRoot } from "../../../support/skip";
import type { PushProgress } from "../../../../src/sync/push/pushRequest";
import type { Exec } from "../../../../src/sync/remote/remoteProcess";
import { build, directory, file, listTree, symlink, temporaryFolders, type Listing } from "../support/folders";
import { asBusyboxKeeps, bashAsSh, busyboxPath, localExec } from "../support/localExec";
import { nasty } from "../support/nasty";
import { push, pushToMany, SyncWindow } from "../support/pushing";

const signal = new AbortController().signal;

describe("a push", function () {
  this.timeout(30_000);
  const folder = temporaryFolders();
  const inTree = (listing: Listing) => build(folder(), listing);

  const NOBODY = 65534;
  const bin = busyboxPath(folder());
  const userlands: [name: string, exec: Exec | undefined][] = [
    ["GNU tools", localExec()],
    ["bash as its shell", localExec({ env: { PATH: `${bashAsSh(folder())}:${process.env.PATH ?? ""}` } })],
    ["busybox alone", bin === undefined ? undefined : localExec({ env: { PATH: bin } })],
    ["no rights", isRoot ? localExec({ uid: NOBODY, gid: NOBODY, cwd: "/" }) : undefined],
  ];
  for (const [name, given] of userlands) {
    const exec = given ?? localExec();
    describe(`into a sandbox with ${name}`, () => {
      before(function () {
        if (given === undefined && name === "no rights") skipForRoot(this, "another user to push as");
        if (given === undefined) skip(this, "needs busybox");
      });
      const arrives = (root: string) => (name === "busybox alone" ? asBusyboxKeeps(listTree(root)) : listTree(root));
      const window = new SyncWindow();
      after(() => window.dispose());
      const send = (root: string, remotePath: string) => window.push({ root, remotePath, exec, signal });
      /** A folder that does not exist yet, where the receiver may write under any user. */
      const target = () => {
        const parent = folder();
        if (isRoot) {
          chmodSync(dirname(parent), 0o755);
          chownSync(parent, NOBODY, NOBODY);
        }
        return join(parent, "to", "create 'here'");
      };

      it("makes the folder and everything in it", async () => {
        const root = inTree(nasty);
        const remotePath = target();

        const { files, bytes, skipped } = await send(root, remotePath);

        assert.deepEqual(listTree(remotePath), arrives(root));
        const sizes = Object.values(nasty).flatMap(({ kind, content }) => (kind === "file" ? [content ?? ""] : []));
        assert.deepEqual(
          { files, bytes, skipped },
          {
            files: sizes.length,
            bytes: sizes.reduce((sum, content) => sum + Buffer.byteLength(content), 0),
            skipped: [],
          },
        );
      });

      it("updates what is there and leaves the rest as it is", async () => {
        const root = inTree({ ...nasty, "shared/ours.txt": file("first") });
        const remotePath = target();
        await send(root, remotePath);
        writeFileSync(join(remotePath, "shared", "theirs.txt"), "made by a program");

        writeFileSync(join(root, "shared", "ours.txt"), "second");
        writeFileSync(join(root, "plain.txt"), "changed");
        chmodSync(join(root, "private"), 0o640);
        chmodSync(join(root, "private folder"), 0o755);
        rmSync(join(root, "to-file"));
        symlinkSync("private", join(root, "to-file"));
        await send(root, remotePath);

        assert.equal(readFileSync(join(remotePath, "shared", "theirs.txt"), "utf8"), "made by a program");
        rmSync(join(remotePath, "shared", "theirs.txt"));
        assert.deepEqual(listTree(remotePath), arrives(root));
      });

      it("changes nothing the second time", async () => {
        const root = inTree(nasty);
        const remotePath = target();
        await send(root, remotePath);
        await send(root, remotePath);
        assert.deepEqual(listTree(remotePath), arrives(root));
      });

      const kinds: Record<string, Listing> = {
        file: { it: file("a file") },
        folder: { "it/inside/deep": file("in a folder") },
        "empty folder": { it: directory() },
        "read-only folder": { "it/inside": file(), it: directory(0o555) },
        link: { it: symlink("other"), "other/untouched": file("theirs") },
        "dangling link": { it: symlink("nowhere") },
      };
      for (const [from, first] of Object.entries(kinds)) {
        for (const [to, next] of Object.entries(kinds)) {
          // A folder that became empty keeps what is only in the sandbox.
          if (from === to || (from.endsWith("folder") && to.endsWith("folder"))) continue;
          it(`turns a ${from} into a ${to}`, async () => {
            const remotePath = target();
            const root = join(folder(), "root");
            const sendNext = async (listing: Listing) => {
              rmSync(root, { force: true });
              symlinkSync(inTree({ ...listing, "next/to": file() }), root);
              const { conflicts } = await send(root, remotePath);
              assert.deepEqual(conflicts, []);
            };
            await sendNext(first);
            await sendNext(next);

            assert.deepEqual(withoutTimes(listTree(remotePath)), withoutTimes(listTree(root)));
          });
        }
      }

      it("removes what a dead push left, and nothing else", async () => {
        const remotePath = target();
        await send(inTree({ "a.txt": file() }), remotePath);
        mkdirSync(join(remotePath, ".modal-push-99999999", "tree"), { recursive: true });
        mkdirSync(join(remotePath, `.modal-push-${process.pid}`));
        chownSync(join(remotePath, ".modal-push-99999999"), lstatSync(remotePath).uid, lstatSync(remotePath).gid);
        chownSync(join(remotePath, ".modal-push-99999999/tree"), lstatSync(remotePath).uid, lstatSync(remotePath).gid);

        await send(inTree({ "a.txt": file() }), remotePath);

        assert.deepEqual(
          withoutTimes(listTree(remotePath)).map((line) => line.split(" ")[0]),
          [`".modal-push-${process.pid}"`, '"a.txt"'],
        );
      });
    });
  }

  it("keeps the target's own mode, and fills a target that is a link to a folder", async () => {
    const real = folder();
    chmodSync(real, 0o1777);
    const link = join(folder(), "link");
    symlinkSync(real, link);
    const root = inTree({ "a/b.txt": file() });

    for (let round = 0; round < 2; round += 1) {
      await push({ root, remotePath: link, exec: localExec(), signal });
      assert.deepEqual(listTree(real), listTree(root));
      assert.equal(lstatSync(real).mode & 0o7777, 0o1777);
      assert.equal(readlinkSync(link), real);
    }
  });

  it("does not collide with another push into the same target", async () => {
    const root = inTree(nasty);
    const remotePath = folder();
    const one = () => push({ root, remotePath, exec: localExec(), signal });
    await one();
    await Promise.all([one(), one(), one()]);
    assert.deepEqual(listTree(remotePath), listTree(root));
  });

  it("reports its progress rarely, in order, and to the end", async () => {
    const listing = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`f${n}`, file(Buffer.alloc(30_000))]));
    const seen: PushProgress[] = [];
    const started = performance.now();

    await push({
      root: inTree(listing),
      remotePath: folder(),
      exec: localExec(),
      onProgress: (progress) => seen.push(progress),

      signal,
    });

    const elapsedMs = performance.now() - started;
    assert.deepEqual(
      { ...seen[0], path: "" },
      { files: 0, bytes: 0, totalFiles: 500, totalBytes: 15_000_000, path: "" },
    );
    assert.deepEqual([seen.at(-1)?.files, seen.at(-1)?.bytes], [500, 15_000_000]);
    assert.deepEqual(
      seen,
      [...seen].sort((a, b) => a.bytes - b.bytes),
    );
    assert.ok(seen.length <= elapsedMs / 100 + 2, `${seen.length} reports in ${elapsedMs} ms`);
  });

  it("reads the folder once for several targets, and a target that fails does not stop the others", async () => {
    const root = inTree(nasty);
    const [one, two] = [folder(), folder()];
    const gone = new Error("no such sandbox");

    const outcomes = await pushToMany({
      root,
      targets: [
        { remotePath: one, exec: localExec() },
        { remotePath: "/proc/not/here", exec: localExec() },
        { remotePath: two, exec: localExec() },
        { remotePath: two, exec: () => Promise.reject(gone) },
      ],

      signal,
    });

    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ["fulfilled", "rejected", "fulfilled", "rejected"],
    );
    assert.deepEqual(listTree(one), listTree(root));
    assert.deepEqual(listTree(two), listTree(root));
    assert.deepEqual(outcomes[3], { status: "rejected", reason: gone });
  });
});

const withoutTimes = (lines: string[]): string[] => lines.map((line) => line.replace(/ \d{9,} /, " "));
