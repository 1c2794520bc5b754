import assert from "node:assert/strict";
import { afterEach, describe, it } from "mocha";

import { abortError, Deferred } from "../../../src/base/async";
import { UserError } from "../../../src/base/errors";
import { SyncOnSave, type SyncOnSaveOptions } from "../../../src/run/syncOnSave";
import type { Sandbox } from "../../../src/sandboxes/sandbox";
import type { PushResult } from "../../../src/sync/push/pushRequest";
import { sandbox } from "../support/sandboxes";

const here = { path: "/home/ada/project", remotePath: "/workspace" };
const other = { path: "/home/ada/other", remotePath: "/workspace" };

describe("sync on save", () => {
  const made: SyncOnSave[] = [];
  afterEach(() => {
    for (const syncOnSave of made.splice(0)) syncOnSave.dispose();
  });

  function start(sandboxes: readonly Sandbox[], options: Partial<SyncOnSaveOptions> = {}) {
    const pushes: { readonly sandbox: string; readonly root: string; readonly end: Deferred<PushResult> }[] = [];
    const arrivals: Deferred<undefined>[] = [];
    const reported: unknown[] = [];
    const arrival = (index: number) => (arrivals[index] ??= new Deferred());
    const syncOnSave = new SyncOnSave({
      store: { all: sandboxes },
      pusher: { hasPushed: () => Promise.resolve(true) },
      runs: {
        push: ({ key }, { root }) => {
          const end = new Deferred<PushResult>();
          arrival(pushes.push({ sandbox: key, root, end }) - 1).resolve(undefined);
          return end.promise;
        },
      },
      report: (error) => reported.push(error),
      gatherMs: 0,
      ...options,
    });
    made.push(syncOnSave);
    /** The push of this number, once it has begun. */
    const push = async (index: number) => {
      await arrival(index).promise;
      const begun = pushes[index];
      assert.ok(begun);
      return begun;
    };
    return { syncOnSave, pushes, reported, push };
  }

  it("combines many saves into one sync, and later saves into one more", async () => {
    const { syncOnSave, pushes, push } = start([running("a")]);
    for (let save = 0; save < 50; save += 1) syncOnSave.saved(here);
    const first = await push(0);
    for (let save = 0; save < 50; save += 1) syncOnSave.saved(here);
    first.end.resolve(sent);
    (await push(1)).end.resolve(sent);
    await idle();
    assert.equal(pushes.length, 2);
  });

  it("syncs each folder separately, to the running sandboxes that have it", async () => {
    const stopped: Sandbox = { ...running("stopped"), phase: { kind: "stopping", id: "stopped" } };
    const hasPushed = ({ sandboxId, root }: { sandboxId: string; root: string }) =>
      Promise.resolve(sandboxId === "a" || root === other.path);
    const { syncOnSave, pushes, push } = start([running("a"), running("b"), stopped], { pusher: { hasPushed } });
    syncOnSave.saved(here);
    syncOnSave.saved(other);
    await push(2);
    await idle();
    assert.deepEqual(
      pushes.map(({ sandbox: key, root }) => `${key} ${root}`).sort(),
      [`a ${here.path}`, `a ${other.path}`, `b ${other.path}`].sort(),
    );
  });

  it("reports a problem once, and again only after a successful sync", async () => {
    const { syncOnSave, reported, push } = start([running("a")]);
    const problem = new UserError("The sandbox has no space left.");
    const outcomes = [problem, problem, undefined, problem];
    for (const [index, outcome] of outcomes.entries()) {
      syncOnSave.saved(here);
      const { end } = await push(index);
      if (outcome) end.reject(outcome);
      else end.resolve(sent);
      await idle();
    }
    assert.deepEqual(reported, [problem, problem]);
  });

  it("reports a push that was too big to do without a question", async () => {
    const { syncOnSave, reported, push } = start([running("a")]);
    syncOnSave.saved(here);
    (await push(0)).end.reject(abortError());
    await idle();
    assert.match(String(reported[0]), /project wasn't synced on save/);
  });

  it("reports only a sync that changed something", async () => {
    const { syncOnSave, push } = start([running("a")]);
    const told: PushResult[] = [];
    syncOnSave.onDidSync((result) => told.push(result));
    for (const [index, result] of [nothing, sent].entries()) {
      syncOnSave.saved(here);
      (await push(index)).end.resolve(result);
      await idle();
    }
    assert.deepEqual(told, [sent]);
  });

  it("starts nothing once it is disposed", async () => {
    const { syncOnSave, pushes, reported } = start([running("a")]);
    syncOnSave.saved(here);
    syncOnSave.dispose();
    await idle();
    assert.deepEqual([pushes, reported], [[], []]);
  });
});

/** Long enough for a sync that is to begin to have begun. */
const idle = () => new Promise((resolve) => setTimeout(resolve, 15));

const nothing: PushResult = { files: 0, bytes: 0, deleted: 0, skipped: [], conflicts: [] };
const sent: PushResult = { ...nothing, files: 1 };

const running = (key: string): Sandbox =>
  sandbox({ key, name: key, phase: { kind: "running", id: key, startedAt: 0, tunnels: [] } });
