import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { isAbort, UserError } from "../../../src/base/errors";
import { verifyCredentials } from "../../../src/modal/connection";
import type { StartedProcess } from "../../../src/modal/exec";
import { clearEnded } from "../../../src/sandboxes/refresh";
import { isRunning } from "../../../src/sandboxes/sandbox";
import { silentLog } from "../../unit/support/fakes";
import { eventually, processesWith } from "../support/processes";
import { L4, spec, T4, useServices } from "../support/services";

const soon = () => AbortSignal.timeout(20_000);
const folder = "/some/folder";

describe("sandboxes", function () {
  this.timeout(60_000);
  const services = useServices({ env: { MODAL_LOCAL_NO_CAPACITY: "B300" }, createDeadlineMs: 1500 });

  const refresh = () => services().refresh();

  it("are created with the requested spec, a lifetime and an idle limit", async () => {
    const { sandboxes, gateway } = services();
    for (const gpu of [undefined, { type: "H100", count: 2 }]) {
      const created = await sandboxes.create({ spec: spec({ gpu, cpu: 1.5, memoryMiB: 640 }), folder }, soon());
      const listed = (await gateway.list(soon())).find(({ id }) => id === created.phase.id);
      assert.ok(listed);
      assert.equal(listed.name, created.name);
      assert.deepEqual(listed.gpu, gpu);
      assert.equal(listed.cpu, 1.5);
      assert.equal(listed.memoryMiB, 640);
      assert.equal(listed.timeoutMs, 600_000);
      assert.equal(listed.idleTimeoutMs, 300_000);
      await sandboxes.terminate(created.key, soon());
    }
  });

  it("go through their phases while they are created", async () => {
    const { sandboxes, store } = services();
    const phases: string[] = [];
    const listening = store.onDidChangeSandboxes(({ added, changed }) => {
      for (const { phase } of [...added, ...changed]) phases.push(phase.kind === "creating" ? phase.step : phase.kind);
    });
    await sandboxes.create({ spec: spec(), folder }, soon());
    listening.dispose();
    assert.deepEqual(phases, ["limits", "image", "queued", "starting", "running"]);
  });

  it("are in use from the start of a program until its end, however it ends", async () => {
    const { sandboxes, exec } = services();
    const { phase, key } = await sandboxes.create({ spec: spec(), folder }, soon());
    const started: StartedProcess[] = [];
    const listening = exec.onDidStartProcess((process) => started.push(process));
    await (
      await exec.exec(phase.id, ["true"], { isProbe: true }, soon())
    ).exitCode;
    await exec.exec(phase.id, ["sleep", "60"], {}, soon());
    listening.dispose();
    assert.deepEqual(
      started.map(({ sandboxId, isProbe }) => [sandboxId, isProbe]),
      [
        [phase.id, true],
        [phase.id, false],
      ],
    );
    await sandboxes.terminate(key, soon());
    await Promise.all(started.map(({ finished }) => finished));
  });

  it("are found by a later window with their tunnels, and reused only for the same folder and spec", async () => {
    const { openWindow } = services();
    const wanted = spec({ gpu: T4, ports: [8000] });
    const { sandboxes, ownership } = openWindow();
    const created = await sandboxes.create({ spec: wanted, folder }, soon());
    await ownership.leave();

    const { store, sandboxes: other, refresh: refreshOther } = openWindow({ folders: [folder] });
    await refreshOther();
    const seen = store.findById(created.phase.id);
    assert.ok(seen && isRunning(seen));
    assert.deepEqual(seen.gpu, T4);
    assert.deepEqual(
      seen.phase.tunnels.map(({ port, isPublic }) => [port, isPublic]),
      [[8000, false]],
    );

    const { signal } = new AbortController();
    assert.equal((await other.findReusable({ spec: wanted, folder }, signal))?.phase.id, created.phase.id);
    assert.equal(await other.findReusable({ spec: wanted, folder: "/other" }, signal), undefined);
    assert.equal(await other.findReusable({ spec: { ...wanted, gpu: L4 }, folder }, signal), undefined);
  });

  it("show which GPU they got, or that the backend has none", async () => {
    const { sandboxes, store } = services();
    const { key } = await sandboxes.create({ spec: spec({ gpu: T4 }), folder }, soon());
    assert.ok(await eventually(() => Promise.resolve(store.get(key)?.givenGpu !== undefined)));
    const given = store.get(key)?.givenGpu;
    assert.ok(given?.isOther === false || given?.text.startsWith("no GPU"), given?.text);
    await sandboxes.terminate(key, soon());
  });

  it("disappear from the list and the store when they are terminated", async () => {
    const { sandboxes, store, gateway } = services();
    const { key, phase } = await sandboxes.create({ spec: spec(), folder }, soon());
    await sandboxes.terminate(key, soon());
    assert.equal(store.get(key), undefined);
    assert.ok((await gateway.list(soon())).every(({ id }) => id !== phase.id));
    assert.deepEqual((await gateway.poll(phase.id, soon()))?.exitCode, 137);
  });

  it("show how they ended if no window of this machine ended them, until the user refreshes the list", async () => {
    const { sandboxes, store, gateway } = services();
    const { key, phase } = await sandboxes.create({ spec: spec(), folder }, soon());
    await gateway.terminate(phase.id, soon());
    await refresh();
    const ended = store.get(key);
    assert.ok(ended?.phase.kind === "ended");
    assert.equal(ended.phase.reason, "terminated");
    clearEnded(store);
    assert.equal(store.get(key), undefined);
  });

  it("can be canceled while they wait for a machine, and leave nothing behind", async () => {
    const { sandboxes, store, gateway } = services();
    const abort = new AbortController();
    const queued = new Promise<void>((resolve) => {
      store.onDidChangeSandboxes(({ changed }) => {
        if (changed.some(({ phase }) => phase.kind === "creating" && phase.step === "queued")) resolve();
      });
    });
    const creating = sandboxes.create({ spec: spec({ gpu: { type: "B300", count: 1 } }), folder }, abort.signal);
    creating.catch(() => undefined);
    await queued;
    abort.abort();
    await assert.rejects(creating, isAbort);
    assert.ok(await eventually(async () => (await gateway.list(soon())).every(({ gpu }) => gpu?.type !== "B300")));
    assert.ok(store.all.every(({ gpu }) => gpu?.type !== "B300"));
  });

  it("are ended if this machine fails after the server has created them", async () => {
    const { sandboxes, store, gateway } = services();
    const listening = store.onDidChangeSandboxes(({ changed }) => {
      if (changed.some(isRunning)) throw new Error("A view is broken.");
    });
    await assert.rejects(sandboxes.create({ spec: spec({ cpu: 3 }), folder }, soon()), /A view is broken/);
    listening.dispose();
    const isGone = async () => {
      await refresh();
      return (await gateway.list(soon())).every(({ cpu }) => cpu !== 3);
    };
    assert.ok(await eventually(isGone));
  });

  it("are given up with an error when no machine comes in time, and leave nothing behind", async () => {
    const { sandboxes, gateway } = services();
    await assert.rejects(
      sandboxes.create({ spec: spec({ gpu: { type: "B300", count: 1 } }), folder }, soon()),
      (error) => error instanceof UserError && error.message.startsWith("Modal has no B300 free right now"),
    );
    assert.ok(await eventually(async () => (await gateway.list(soon())).every(({ gpu }) => gpu?.type !== "B300")));
  });

  it("that lost a GPU while resuming are offered elsewhere with the same snapshot", async () => {
    const { sandboxes, snapshots } = services();
    const sandbox = await sandboxes.create({ spec: spec(), folder }, soon());
    const snapshot = await snapshots.take(sandbox, "manual", soon());
    const gpu = { request: { type: "B300", count: 1 } };
    const refused = await snapshots.createFrom(snapshot, { gpu }, soon()).catch((error: unknown) => error);
    assert.ok(refused instanceof UserError);
    assert.deepEqual(refused.actions[0]?.arguments?.slice(1), [folder, snapshot.imageId]);
    await sandboxes.terminate(sandbox.key, soon());
  });

  it("are attached by id, and an ended or unknown one is refused with an error", async () => {
    const { sandboxes, gateway, openWindow } = services();
    const { phase } = await sandboxes.create({ spec: spec({ ports: [9000] }), folder }, soon());
    const { sandboxes: other } = openWindow();
    const attached = await other.attach(phase.id, soon());
    assert.deepEqual(
      attached.phase.tunnels.map(({ port }) => port),
      [9000],
    );
    await gateway.terminate(phase.id, soon());
    await assert.rejects(openWindow().sandboxes.attach(phase.id, soon()), UserError);
    await assert.rejects(other.attach("sb-01ARZ3NDEKTSV4RRFFQ69G5FAV", soon()), UserError);
  });
});

describe("credentials", function () {
  this.timeout(60_000);
  const services = useServices();

  it("are verified with a call", async () => {
    const target = await services().localBackend.target();
    assert.equal(await verifyCredentials(target, silentLog, soon()), "local");
  });

  it("are refused with an error if they are wrong", async () => {
    const target = await services().localBackend.target();
    await assert.rejects(
      verifyCredentials({ ...target, tokenSecret: "as-wrong" }, silentLog, soon()),
      (error) => error instanceof UserError && error.message === "Modal did not accept the token. Sign in again.",
    );
  });

  it("are not blamed if Modal cannot be reached", async () => {
    const target = await services().localBackend.target();
    await assert.rejects(
      verifyCredentials({ ...target, serverUrl: "http://127.0.0.1:1" }, silentLog, soon()),
      (error) => error instanceof UserError && error.message.includes("cannot be reached"),
    );
  });
});

describe("the local backend as a child process", function () {
  this.timeout(60_000);
  const services = useServices();

  it("is started again after it was killed", async () => {
    const { localBackend, gateway, stateDir } = services();
    const before = await localBackend.target();
    await gateway.list(soon());
    for (const pid of await processesWith(stateDir)) process.kill(pid, "SIGKILL");
    assert.ok(await eventually(async () => (await localBackend.target()).tokenSecret !== before.tokenSecret));
    assert.deepEqual(await gateway.list(soon()), []);
  });
});
