import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { IdleGpus, type IdleGpu } from "../../../../src/sandboxes/costs/idleGpus";
import { SandboxStore } from "../../../../src/sandboxes/sandboxStore";
import { sandbox } from "../../support/sandboxes";

const MINUTE = 60_000;
const phase = { kind: "running", id: "sb-1", startedAt: 0, tunnels: [] } as const;
const T4 = sandbox({ gpu: { type: "T4", count: 1 }, idleTimeoutMs: 5 * MINUTE, phase });

function arrange() {
  const store = new SandboxStore();
  const state = { now: 0, isBusy: false, percent: undefined as number | undefined, looks: 0 };
  const idle = new IdleGpus({
    store,
    isBusy: () => state.isBusy,
    utilization: () => {
      state.looks += 1;
      return Promise.resolve(state.percent);
    },
    idleMs: () => 10 * MINUTE,
    clock: { now: () => state.now },
  });
  const found: IdleGpu[] = [];
  idle.onDidFindIdleGpu((gpu) => found.push(gpu));
  const checkAt = async (minute: number) => {
    state.now = minute * MINUTE;
    await idle.check();
  };
  return { store, state, found, checkAt };
}

describe("a GPU that does nothing", () => {
  it("is told of once, when it has done nothing for long enough", async () => {
    const { store, found, checkAt } = arrange();
    store.add(T4);
    await checkAt(9);
    assert.equal(found.length, 0);
    await checkAt(10);
    await checkAt(11);
    assert.deepEqual(found, [{ sandbox: T4, idleMs: 10 * MINUTE }]);
  });

  it("starts anew with each run on it", async () => {
    const { store, state, found, checkAt } = arrange();
    store.add(T4);
    await checkAt(10);
    state.isBusy = true;
    await checkAt(12);
    state.isBusy = false;
    await checkAt(21);
    assert.equal(found.length, 1);
    await checkAt(22);
    assert.equal(found.length, 2);
  });

  it("is none while something else uses it, such as a server", async () => {
    const { store, state, found, checkAt } = arrange();
    store.add(T4);
    state.percent = 3;
    await checkAt(10);
    assert.equal(found.length, 0);
    state.percent = 0;
    await checkAt(20);
    assert.equal(found.length, 1);
  });

  it("is not looked into while it would end by itself, for looking is a use", async () => {
    const { store, state, found, checkAt } = arrange();
    store.add({ ...T4, idleTimeoutMs: 10 * MINUTE });
    await checkAt(10);
    assert.equal(state.looks, 0);
    await checkAt(11);
    assert.equal(found.length, 1);
  });

  it("is not one without a GPU, nor another window's", async () => {
    const { store, state, found, checkAt } = arrange();
    store.add({ ...T4, gpu: undefined });
    store.add({ ...T4, key: "b", holder: "otherWindow" });
    await checkAt(60);
    assert.equal(found.length + state.looks, 0);
  });
});
