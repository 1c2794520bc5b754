import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { Deferred } from "../../../src/base/async";
import { isAbort } from "../../../src/base/errors";
import { collect } from "../../../src/modal/exec";
import type { RunningSandbox } from "../../../src/sandboxes/sandbox";
import { savedSpec } from "../../../src/sandboxes/spec/savedSpec";
import { eventually } from "../support/processes";
import { L4, spec, T4, useServices } from "../support/services";

const soon = () => AbortSignal.timeout(30_000);
const folder = "/paused/folder";

describe("a sandbox that is paused", function () {
  this.timeout(60_000);
  const services = useServices();

  const sh = async ({ phase }: RunningSandbox, script: string) =>
    (await collect(await services().exec.exec(phase.id, ["sh", "-c", script], {}, soon()))).stdout;
  const create = (properties = {}) => services().sandboxes.create({ spec: spec(properties), folder }, soon());
  const isListed = async (id: string) => (await services().gateway.list(soon())).some((entry) => entry.id === id);

  it("keeps its files, goes through its phases, and costs nothing", async () => {
    const { store, snapshots } = services();
    const sandbox = await create();
    await sh(sandbox, "echo kept > /root/kept");
    const phases: string[] = [];
    const listening = store.onDidChangeSandboxes(({ added, changed }) =>
      phases.push(...[...added, ...changed].map(({ phase }) => phase.kind)),
    );
    await snapshots.pause(sandbox, soon());
    listening.dispose();
    assert.deepEqual(phases, ["pausing", "stopping", "paused"]);
    assert.equal(await isListed(sandbox.phase.id), false);
    assert.equal(store.get(sandbox.key), undefined);
  });

  it("is resumed with its files by another window and on another GPU", async () => {
    const { snapshots, openWindow } = services();
    const sandbox = await create({ gpu: T4, cpu: 1.5, env: { COLOR: "blue" } });
    await sh(sandbox, "echo kept > /root/kept");
    await snapshots.pause(sandbox, soon());

    const later = openWindow();
    await later.refresh();
    const paused = later.store.all.find(({ phase, name }) => phase.kind === "paused" && name === sandbox.name);
    assert.ok(paused);
    assert.deepEqual(paused.gpu, T4);
    const resumed = await later.snapshots.resume(paused.key, { gpu: { request: L4 } }, soon());
    assert.deepEqual(resumed.gpu, L4);
    assert.equal(resumed.cpu, 1.5);
    assert.equal(await sh(resumed, "cat /root/kept; echo $COLOR"), "kept\nblue\n");
    await later.refresh();
    assert.equal(later.store.get(paused.key), undefined);
    await assert.rejects(snapshots.resume(paused.key, {}, soon()), /is no longer paused/);
  });

  it("is resumed once if several windows try, and is not shown meanwhile", async () => {
    const { openWindow, gateway } = services();
    for (let trial = 0; trial < 5; trial += 1) {
      const sandbox = await create();
      await services().snapshots.pause(sandbox, soon());
      const before = (await gateway.list(soon())).length;
      const windows = [openWindow(), openWindow(), openWindow()];
      await Promise.all(windows.map((window) => window.refresh()));
      const pausedIn = (window: (typeof windows)[number]) =>
        window.store.all.find(({ phase, name }) => phase.kind === "paused" && name === sandbox.name);
      const keys = windows.map((window) => pausedIn(window)?.key ?? "");
      const shown: unknown[] = [];
      const onDidEnterStep = () => {
        for (const window of windows) void window.refresh().then(() => shown.push(pausedIn(window)));
      };
      const outcomes = await Promise.allSettled(
        windows.map((window, at) => window.snapshots.resume(keys[at] ?? "", { onDidEnterStep }, soon())),
      );
      assert.deepEqual(outcomes.map(({ status }) => status).sort(), ["fulfilled", "rejected", "rejected"]);
      for (const outcome of outcomes)
        if (outcome.status === "rejected")
          assert.match(String(outcome.reason), /is already doing this|is no longer paused/);
      assert.equal((await gateway.list(soon())).length, before + 1);
      assert.ok(await eventually(() => Promise.resolve(shown.length >= windows.length)));
      assert.deepEqual(new Set(shown), new Set([undefined]));
    }
  });

  it("can be resumed by another window once the one that tried has failed or is gone", async () => {
    const { snapshots, store, openWindow, ownership } = services();
    const sandbox = await create();
    await snapshots.pause(sandbox, soon());
    const paused = store.all.find(({ phase, name }) => phase.kind === "paused" && name === sandbox.name);
    assert.ok(paused?.phase.kind === "paused");
    const task = `resume ${paused.phase.imageId}`;

    await assert.rejects(snapshots.resume(paused.key, {}, AbortSignal.abort()), isAbort);
    const gone = openWindow();
    assert.ok(await gone.ownership.reservations.take(task));
    assert.equal(await ownership.reservations.take(task), false);
    const later = openWindow();
    await later.refresh();
    assert.equal(later.store.get(paused.key), undefined);
    await gone.ownership.leave();
    await later.refresh();
    await later.snapshots.resume(paused.key, {}, soon());
  });

  it("is paused, or continued in another sandbox, by one window at a time", async () => {
    const { openWindow, gateway, kept, ownership } = services();
    const sandbox = await create({ gpu: T4 });
    const before = (await gateway.list(soon())).length;
    const [one, two, three] = [services(), openWindow(), openWindow()];
    await Promise.all([two.refresh(), three.refresh()]);
    const outcomes = await Promise.allSettled([
      one.snapshots.continueIn(sandbox, { isBusy: () => false }, soon()),
      two.snapshots.continueIn(sandbox, { isBusy: () => false }, soon()),
      three.snapshots.pause(sandbox, soon()),
    ]);
    assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 1, JSON.stringify(outcomes));
    const snapshots = (await kept.all(ownership.scope)).filter(({ sandboxName }) => sandboxName === sandbox.name);
    assert.equal(snapshots.length, 1);
    assert.ok((await gateway.list(soon())).length <= before);
  });

  it("keeps running while another window holds the lock, and the message does not blame the disk", async () => {
    const sandbox = await create();
    const holder = services().openWindow();
    const impatient = services().openWindow({ lockWaitMs: 50 });
    await impatient.refresh();
    const done = new Deferred<undefined>();
    const entered = new Deferred<undefined>();
    const holding = holder.ownership.exclusively(() => {
      entered.resolve(undefined);
      return done.promise;
    });
    await entered.promise;
    await assert.rejects(impatient.snapshots.pause(sandbox, soon()), /^UserError: Another window is busy/);
    done.resolve(undefined);
    await holding;
    assert.equal(await sh(sandbox, "echo here"), "here\n");
  });

  it("keeps running if the pause is canceled or fails, and stays paused if the resume does", async () => {
    const { snapshots, store } = services();
    const sandbox = await create();
    const abort = new AbortController();
    const pausing = snapshots.pause(sandbox, abort.signal);
    abort.abort();
    await assert.rejects(pausing, isAbort);
    assert.equal(store.get(sandbox.key)?.phase.kind, "running");
    assert.equal(await sh(sandbox, "echo here"), "here\n");

    await snapshots.pause(sandbox, soon());
    const paused = store.all.find(({ phase, name }) => phase.kind === "paused" && name === sandbox.name);
    assert.ok(paused);
    await assert.rejects(snapshots.resume(paused.key, {}, AbortSignal.abort()), isAbort);
    assert.equal(store.get(paused.key)?.phase.kind, "paused");
    assert.ok(await snapshots.resume(paused.key, {}, soon()));
  });

  it("can be branched into a second sandbox, after which each has separate files", async () => {
    const { snapshots } = services();
    const one = await create();
    await sh(one, "echo 1 > /root/n");
    const two = await snapshots.branch(one, {}, soon());
    await sh(two, "echo 2 > /root/n");
    assert.equal(await sh(one, "cat /root/n"), "1\n");
    assert.notEqual(one.phase.id, two.phase.id);
  });

  it("leaves snapshots that are listed newest first until they are deleted or expire", async () => {
    const { snapshots, kept, ownership } = services();
    const { scope } = await ownership.survey();
    const sandbox = await create();
    const one = await snapshots.take(sandbox, "manual", soon());
    const two = await snapshots.take(sandbox, "manual", soon());
    const ids = async () => (await kept.all(scope)).map(({ imageId }) => imageId);
    assert.deepEqual((await ids()).slice(0, 2), [two.imageId, one.imageId]);
    await snapshots.delete(one, soon());
    await snapshots.delete(one, soon());
    assert.ok(!(await ids()).includes(one.imageId));
    await assert.rejects(snapshots.createFrom(one, {}, soon()));
    await kept.save({ ...two, expiresAt: 1 });
    assert.ok(!(await ids()).includes(two.imageId));
  });
});

describe("an exit snapshot", function () {
  this.timeout(60_000);
  const services = useServices({ keepsExitSnapshots: true });

  it("restores what a sandbox's end destroyed", async () => {
    const { sandboxes, exec, snapshots, kept, ownership, refresh } = services();
    for (const gpu of [undefined, T4]) {
      const { phase, name } = await sandboxes.create({ spec: spec({ gpu, timeoutMs: 2000 }), folder }, soon());
      await collect(await exec.exec(phase.id, ["sh", "-c", "echo work > /root/work"], {}, soon()));
      const { scope } = await ownership.survey();
      const find = async () => (await kept.all(scope)).find(({ sandboxName }) => sandboxName === name);
      assert.ok(
        await eventually(async () => {
          await refresh();
          return (await find()) !== undefined;
        }),
      );
      const snapshot = await find();
      assert.equal(snapshot?.kind, "exit");
      const restored = await snapshots.createFrom({ ...snapshot, spec: savedSpec(spec()) }, {}, soon());
      const work = await collect(await exec.exec(restored.phase.id, ["cat", "/root/work"], {}, soon()));
      assert.equal(work.stdout, "work\n");
      assert.ok(!(await ownership.survey()).entries.some((entry) => entry.name === name));
    }
  });
});
