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

describe("an idle GPU", () => {
  it("is reported once, after it has been idle long enough", async () => {
    const { store, found, checkAt } = arrange();
    store.add(T4);
    await checkAt(9);
    assert.equal(found.length, 0);
    await checkAt(10);
    await checkAt(11);
    assert.deepEqual(found, [{ sandbox: T4, idleMs: 10 * MINUTE }]);
  });

  it("is measured again after each run on it", async () => {
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

  it("is not reported while something else uses it, such as a server", async () => {
    const { store, state, found, checkAt } = arrange();
    store.add(T4);
    state.percent = 3;
    await checkAt(10);
    assert.equal(found.length, 0);
    state.percent = 0;
    await checkAt(20);
    assert.equal(found.length, 1);
  });

  it("is not measured while its sandbox is about to end, because measuring counts as use", async () => {
    const { store, state, found, checkAt } = arrange();
    store.add({ ...T4, idleTimeoutMs: 10 * MINUTE });
    await checkAt(10);
    assert.equal(state.looks, 0);
    await checkAt(11);
    assert.equal(found.length, 1);
  });

  it("is not reported for a sandbox without a GPU or of another window", async () => {
    const { store, state, found, checkAt } = arrange();
    store.add({ ...T4, gpu: undefined });
    store.add({ ...T4, key: "b", holder: "otherWindow" });
    await checkAt(60);
    assert.equal(found.length + state.looks, 0);
  });
});
