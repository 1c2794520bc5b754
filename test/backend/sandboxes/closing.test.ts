import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "mocha";
import { collect } from "../../../src/modal/exec";
import { UnsyncedOutputs } from "../../../src/run/unsynced";
import { closeWindow, type OnWindowClose } from "../../../src/sandboxes/ownership/closing";
import { silentLog } from "../../unit/support/fakes";
import { spec, useServices } from "../support/services";

const soon = () => AbortSignal.timeout(20_000);

describe("a window that closes", function () {
  this.timeout(60_000);
  const services = useServices();

  const close = async (decision: OnWindowClose, signal = soon()) => {
    const window = services().openWindow();
    const sandbox = await window.sandboxes.create({ spec: spec(), folder: `/closed/${decision}` }, soon());
    await closeWindow(decision, { ...window, log: silentLog }, signal);
    const next = services().openWindow();
    await next.refresh();
    return { sandbox, next, seen: next.store.all.filter(({ name }) => name === sandbox.name) };
  };

  for (const decision of ["keep", "ask"] as const)
    it(`leaves its sandboxes to the next window if the decision is ${decision}`, async () => {
      const { seen } = await close(decision);
      assert.deepEqual(
        seen.map(({ phase, holder }) => [phase.kind, holder]),
        [["running", "nobody"]],
      );
    });

  it("terminates its sandboxes if the decision is to terminate", async () => {
    const { seen, sandbox } = await close("terminate");
    assert.deepEqual(seen, []);
    assert.ok(await services().gateway.poll(sandbox.phase.id, soon()));
  });

  it("pauses its sandboxes if the decision is to pause, and leaves the rest to the next window when time runs out", async () => {
    const paused = await close("pause");
    assert.deepEqual(
      paused.seen.map(({ phase }) => phase.kind),
      ["paused"],
    );
    const late = await close("pause", AbortSignal.abort());
    assert.deepEqual(
      late.seen.map(({ phase, holder }) => [phase.kind, holder]),
      [["running", "nobody"]],
    );
  });
});

describe("the files that exist only in a sandbox", function () {
  this.timeout(60_000);
  const services = useServices();
  const outputs = () =>
    new UnsyncedOutputs({
      ...services(),
      settings: () => ({ patterns: ["**"], maxFiles: 20_000, maxBytes: 1_000_000 }),
    });

  it("are found and pulled before it ends", async () => {
    const { sandboxes, runs, exec, folder } = services();
    await services().write("train.sh", "echo hello\n");
    const sandbox = await sandboxes.create({ spec: spec(), folder }, soon());
    const { id } = sandbox.phase;
    await runs.push(sandbox, { root: folder, remotePath: "/workspace", signal: soon() });
    const unsynced = outputs();
    const synced = { sandboxId: id, root: folder, remotePath: "/workspace" };
    assert.equal(await unsynced.find(synced, soon()), undefined);

    await collect(await exec.exec(id, ["sh", "-c", "echo result > /workspace/result.txt"], {}, soon()));
    const found = await unsynced.find(synced, soon());
    assert.deepEqual([found?.files, found?.bytes], [1, 7]);
    await unsynced.pull(synced, soon());
    assert.equal(await readFile(join(folder, "result.txt"), "utf8"), "result\n");
    assert.equal(await unsynced.find(synced, soon()), undefined);
  });

  it("are only those that its programs made, in a sandbox made from another one's snapshot", async () => {
    const { sandboxes, snapshots, runs, exec, folder } = services();
    await services().write("train.sh", "echo hello\n");
    const first = await sandboxes.create({ spec: spec(), folder }, soon());
    await runs.push(first, { root: folder, remotePath: "/workspace", signal: soon() });
    const { id } = (await snapshots.branch(first, {}, soon())).phase;
    const unsynced = outputs();
    const synced = { sandboxId: id, root: folder, remotePath: "/workspace" };
    assert.equal(await unsynced.find(synced, soon()), undefined);

    await collect(await exec.exec(id, ["sh", "-c", "echo hullo > /workspace/train.sh"], {}, soon()));
    assert.equal((await unsynced.find(synced, soon()))?.files, 1);
  });

  it("are none if nothing was synced, if the sandbox is gone, or if there is no time to look", async () => {
    const { sandboxes, folder } = services();
    const { key, phase } = await sandboxes.create({ spec: spec(), folder }, soon());
    const unsynced = outputs();
    const synced = { sandboxId: phase.id, root: folder, remotePath: "/workspace" };
    assert.equal(await unsynced.find(synced, soon()), undefined);
    assert.equal(await unsynced.find(synced, AbortSignal.abort()), undefined);
    await sandboxes.terminate(key, soon());
    assert.equal(await unsynced.find(synced, soon()), undefined);
  });
});
