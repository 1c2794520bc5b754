import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { before, describe, it } from "mocha";
import type { Sandbox } from "modal";

import { isAbort } from "../../../src/base/errors";
import type { PushProgress } from "../../../src/sync/push/pushRequest";
import { build, file, listTree, temporaryFolders, type Listing } from "../../unit/sync/support/folders";
import { nasty } from "../../unit/sync/support/nasty";
import { push, pushToMany, SyncWindow } from "../../unit/sync/support/pushing";
import { generations, useLocalBackend } from "../support/fixture";
import { chunksOf, execIn } from "../support/sdkExec";

const never = new AbortController().signal;

describe("a push through the SDK", function () {
  this.timeout(120_000);
  const local = useLocalBackend();
  const folder = temporaryFolders();
  const inTree = (listing: Listing) => build(folder(), listing);

  /** Like `listTree`, for a folder in a sandbox. */
  const listRemote = async (sandbox: Sandbox, path: string): Promise<string[]> => {
    const process = await sandbox.exec(["tar", "-c", "-C", path, "."], { mode: "binary" });
    const archive = Buffer.concat(await chunksOf(process.stdout));
    assert.equal(await process.wait(), 0);
    const into = folder();
    assert.equal(spawnSync("tar", ["-x", "-p", "-f", "-", "-C", into], { input: archive }).status, 0);
    return listTree(into);
  };

  for (const { generation, gpu } of generations)
    describe(`into a sandbox of generation ${generation}`, () => {
      let sandbox: Sandbox;
      before(async () => {
        sandbox = await local.create({ ...gpu, timeoutMs: 600_000 });
      });

      it("writes every kind of entry unchanged, also the second time", async () => {
        const root = inTree(nasty);
        for (let round = 0; round < 2; round += 1) {
          const result = await push({
            root,
            remotePath: "/workspace",
            exec: execIn(sandbox),

            signal: never,
          });
          assert.deepEqual(result.skipped, []);
        }
        assert.deepEqual(await listRemote(sandbox, "/workspace"), listTree(root));
      });

      it("sends 60 MB of incompressible data, with progress to the end", async () => {
        const root = inTree({ "random.bin": file(randomBytes(60_000_000)), "a/b": file() });
        const seen: PushProgress[] = [];
        const onProgress = (progress: PushProgress) => seen.push(progress);

        await push({ root, remotePath: "/workspace/big files", exec: execIn(sandbox), onProgress, signal: never });

        assert.deepEqual(await listRemote(sandbox, "/workspace/big files"), listTree(root));
        assert.equal(seen.at(-1)?.bytes, 60_000_008);
      });

      it("leaves nothing behind when it is canceled", async () => {
        const root = inTree({ "random.bin": file(randomBytes(60_000_000)) });
        const abort = new AbortController();
        let abortedAt = 0;
        const onProgress = ({ bytes }: PushProgress) => {
          if (bytes < 5_000_000 || abort.signal.aborted) return;
          abortedAt = performance.now();
          abort.abort();
        };

        const work = push({
          root,
          remotePath: "/workspace/cancelled",
          exec: execIn(sandbox),
          onProgress,

          signal: abort.signal,
        });

        await assert.rejects(work, isAbort);
        assert.ok(performance.now() - abortedAt < 5000, "the push waited for the sandbox");
        const wait =
          'for i in $(seq 100); do [ -z "$(ls -A cancelled)" ] && echo empty && exit; sleep 0.1; done; ls -AR cancelled';
        const empty = await sandbox.exec(["sh", "-c", wait], { workdir: "/workspace" });
        assert.equal(await empty.stdout.readText(), "empty\n");
      });
    });

  it("keeps what a program rewrote with the same size and time, though another push came before the user's edit", async () => {
    const window = new SyncWindow();
    try {
      const root = inTree({ "x.txt": file("1"), "y.txt": file("1") });
      const sandbox = await local.create();
      const send = () =>
        window.push({
          root,
          sandboxId: sandbox.sandboxId,
          remotePath: "/workspace",
          exec: execIn(sandbox),
          signal: never,
        });
      await send();
      const unseen = await sandbox.exec(
        ["sh", "-c", "touch -r x.txt /tmp/stamp; printf 2 >x.txt; touch -r /tmp/stamp x.txt"],
        { workdir: "/workspace" },
      );
      assert.equal(await unseen.wait(), 0);
      writeFileSync(join(root, "y.txt"), "by the user");
      await send();
      writeFileSync(join(root, "x.txt"), "by the user");
      const { conflicts } = await send();

      const [conflict] = conflicts;
      assert.deepEqual([conflicts.length, conflict?.path], [1, "x.txt"]);
      const both = await sandbox.exec(["cat", "x.txt", conflict?.keptAs ?? ""], { workdir: "/workspace" });
      assert.equal(await both.stdout.readText(), "by the user2");
    } finally {
      window.dispose();
    }
  });

  it("reaches two sandboxes at the same time, and says that a third is gone", async () => {
    const root = inTree(nasty);
    const [one, two, gone] = await Promise.all([local.create(), local.create(), local.create()]);
    await gone.terminate();

    const outcomes = await pushToMany({
      root,
      targets: [one, two, gone].map((sandbox) => ({ remotePath: "/workspace", exec: execIn(sandbox) })),

      signal: never,
    });

    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ["fulfilled", "fulfilled", "rejected"],
    );
    assert.deepEqual(await listRemote(one, "/workspace"), listTree(root));
    assert.deepEqual(await listRemote(two, "/workspace"), listTree(root));
  });
});
