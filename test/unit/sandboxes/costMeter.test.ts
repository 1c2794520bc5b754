import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { listRates } from "../../../src/modal/rates";
import type { Usage } from "../../../src/modal/usage";
import { CostMeter } from "../../../src/sandboxes/costMeter";
import { isRunning } from "../../../src/sandboxes/sandbox";
import { SandboxStore } from "../../../src/sandboxes/sandboxStore";
import { Spending, startOfDay } from "../../../src/sandboxes/spending";
import { silentLog } from "../support/fakes";
import { sandbox } from "../support/sandboxes";

const HOUR = 3_600_000;
const signal = new AbortController().signal;

/** An hour of it costs a dollar. */
const rates = { current: { ...listRates, gpus: new Map([["T4", 1]]), core: 0, gib: 0 } };
const T4 = { type: "T4", count: 1 };

const close = (actual: number | undefined, expected: number) => {
  assert.ok(actual !== undefined && Math.abs(actual - expected) < 1e-6, `${actual} is not ${expected}`);
};

describe("the meter of costs", () => {
  const meters: CostMeter[] = [];
  let folder: string;
  let now: number;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "meter-"));
    now = startOfDay(Date.UTC(2026, 10, 20, 12)) + 12 * HOUR;
  });
  afterEach(async () => {
    for (const meter of meters.splice(0)) {
      // What is being written is whole only then.
      await meter.update();
      meter.dispose();
    }
    await rm(folder, { recursive: true, force: true });
  });

  /** A window of this machine. */
  const open = ({ isFree = false, usage = () => undefined as Usage | undefined } = {}) => {
    const store = new SandboxStore();
    const meter = new CostMeter({
      store,
      usage: { ofSandbox: () => Promise.resolve(usage()) },
      spending: new Spending(folder),
      rates,
      scope: () => "account",
      isFree: () => isFree,
      clock: { now: () => now },
      log: silentLog,
    });
    meters.push(meter);
    return { store, meter };
  };
  const running = (key: string, properties: Partial<Parameters<typeof sandbox>[0]> = {}) =>
    sandbox({
      ...{ key, name: key, gpu: T4, cpu: 0, memoryMiB: 0 },
      phase: { kind: "running", id: `sb-${key}`, startedAt: now, tunnels: [] },
      ...properties,
    });

  it("counts what runs by its time and rate, as an estimate", () => {
    const { store, meter } = open();
    store.add(running("a"));
    store.add(running("b"));
    now += HOUR / 2;
    const { sandboxes, perHour, today, isTodayEstimate } = meter.costs;
    assert.equal(sandboxes.length, 2);
    close(perHour, 2);
    close(sandboxes[0]?.soFar, 0.5);
    close(today, 1);
    assert.equal(isTodayEstimate, true);
  });

  it("stops at a sandbox's end, and keeps what it cost", () => {
    const { store, meter } = open();
    store.add(running("a"));
    now += HOUR;
    store.transition("a", { kind: "ended", reason: "idle", endedAt: now });
    now += HOUR;
    assert.equal(meter.costs.perHour, 0);
    close(meter.costs.today, 1);
  });

  it("believes what the server says was used where that is more, and goes on from there", async () => {
    const { store, meter } = open({ usage: () => ({ gpuSeconds: 2 * 3600, coreSeconds: 0, gibSeconds: 0 }) });
    store.add(running("a"));
    now += HOUR;
    await meter.update();
    close(meter.costs.today, 2);
    assert.equal(meter.costs.isTodayEstimate, false);
    now += HOUR;
    close(meter.costs.today, 3);
  });

  it("knows of one sandbox whether the server said it, and estimates another machine's", async () => {
    const { store, meter } = open({ usage: () => ({ gpuSeconds: 2 * 3600, coreSeconds: 0, gibSeconds: 0 }) });
    const [ours, theirs] = [running("a"), running("b", { holder: "elsewhere" })];
    store.apply({ put: [ours, theirs], removeKeys: [] });
    now += HOUR;
    await meter.update();
    assert.ok(isRunning(ours) && isRunning(theirs));
    assert.deepEqual(meter.spentOn(ours), { dollars: 2, isEstimate: false });
    assert.deepEqual(meter.spentOn(theirs), { dollars: 1, isEstimate: true });
  });

  it("survives a restart, also for what ran on meanwhile", async () => {
    const before = open();
    before.store.add(running("a"));
    const lasting = running("b");
    before.store.add(lasting);
    now += HOUR;
    before.store.transition("a", { kind: "ended", reason: "terminated", endedAt: now });
    await before.meter.update();
    before.meter.dispose();

    now += HOUR;
    const { store, meter } = open();
    await meter.update();
    close(meter.costs.today, 2);
    store.add({ ...lasting, holder: "nobody" });
    close(meter.costs.today, 3);
  });

  it("counts a sandbox once, whatever number of windows see it", async () => {
    const one = open();
    const two = open();
    one.store.add(running("a"));
    two.store.add(running("a", { holder: "otherWindow" }));
    now += HOUR;
    await Promise.all([one.meter.update(), two.meter.update()]);
    close(one.meter.costs.today, 1);
    close(two.meter.costs.today, 1);
  });

  it("takes the last reading of one that ended while no window was there", async () => {
    const before = open();
    before.store.add(running("a"));
    await before.meter.update();
    before.meter.dispose();

    now += 3 * HOUR;
    const { meter } = open({ usage: () => ({ gpuSeconds: 2 * 3600, coreSeconds: 0, gibSeconds: 0 }) });
    await meter.update();
    await meter.settle(signal);
    close(meter.costs.today, 2);
    assert.equal(meter.costs.isTodayEstimate, false);
  });

  it("stops counting what goes out of sight with the account, and does not take it for ended", async () => {
    const { store, meter } = open();
    const a = running("a");
    store.add(a);
    now += HOUR;
    store.remove("a");
    now += HOUR;
    close(meter.costs.today, 1);
    store.add(a);
    close(meter.costs.today, 2);
    await meter.update();
  });

  it("leaves alone what other machines pay for, and what is free", async () => {
    const { store, meter } = open();
    store.add(running("a", { holder: "elsewhere" }));
    now += HOUR;
    assert.equal(meter.costs.sandboxes.length, 0);
    const local = open({ isFree: true });
    local.store.add(running("a"));
    now += HOUR;
    await local.meter.update();
    assert.deepEqual([local.meter.costs.today, local.meter.costs.perHour, local.meter.costs.isFree], [0, 0, true]);
    assert.equal(local.meter.costs.sandboxes.length, 1);
    assert.deepEqual(await readdir(folder), []);
  });

  it("does not take for ended what another window has only just started", async () => {
    const other = open();
    other.store.add(running("a"));
    now += HOUR;
    await other.meter.update();
    const { meter } = open();
    await meter.update();
    await meter.settle(signal);
    now += HOUR;
    await other.meter.update();
    close(other.meter.costs.today, 2);
  });

  it("forgets in time what was spent", async () => {
    const { store, meter } = open();
    store.add(running("a"));
    now += HOUR;
    await meter.update();
    now += 80 * 24 * HOUR;
    await open().meter.update();
    assert.deepEqual(await readdir(join(folder, "spending")), []);
  });

  it("splits a night between its two days", async () => {
    const { store, meter } = open();
    now = startOfDay(now) - HOUR;
    store.add(running("a"));
    now += 4 * HOUR;
    await meter.update();
    close(meter.costs.today, 3);
    const [today, yesterday, earlier] = await meter.lastDays(7);
    close(today, 3);
    close(yesterday, 1);
    close(earlier, 0);
  });
});
