import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { Emitter } from "../../../../src/base/event";
import { Deferred } from "../../../../src/base/async";
import { listRates } from "../../../../src/modal/rates";
import type { Usage } from "../../../../src/modal/usage";
import type { Use } from "../../../../src/sandboxes/metrics/activity";
import { CostMeter } from "../../../../src/sandboxes/costs/costMeter";
import { isRunning } from "../../../../src/sandboxes/sandbox";
import { SandboxStore } from "../../../../src/sandboxes/sandboxStore";
import { Spending, startOfDay } from "../../../../src/sandboxes/costs/spending";
import { silentLog } from "../../support/fakes";
import { sandbox } from "../../support/sandboxes";

const HOUR = 3_600_000;
const signal = new AbortController().signal;

/** An hour of it costs a dollar. */
const rates = { current: { ...listRates, gpus: new Map([["T4", 1]]), core: 0, gib: 0 } };
const T4 = { type: "T4", count: 1 };

const close = (actual: number | undefined, expected: number) => {
  assert.ok(actual !== undefined && Math.abs(actual - expected) < 1e-6, `${actual} is not ${expected}`);
};

describe("the cost meter", () => {
  const meters: CostMeter[] = [];
  let folder: string;
  let now: number;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "meter-"));
    now = startOfDay(Date.UTC(2026, 10, 20, 12)) + 12 * HOUR;
  });
  afterEach(async () => {
    for (const meter of meters.splice(0)) {
      // Waits for the current write to finish.
      await meter.update();
      meter.dispose();
    }
    await rm(folder, { recursive: true, force: true });
  });

  /** A window of this machine. */
  const open = ({
    isFree = false,
    usage = () => undefined as Usage | undefined | Promise<Usage>,
    useOf = (): Use => ({ kind: "busy" }),
  } = {}) => {
    const store = new SandboxStore();
    const meter = new CostMeter({
      store,
      usage: { ofSandbox: () => Promise.resolve(usage()) },
      activity: { useOf, onDidChangeActivity: new Emitter<string>().event },
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
      key,
      name: key,
      gpu: T4,
      cpu: 0,
      memoryMiB: 0,
      timeoutMs: 24 * HOUR,
      idleTimeoutMs: undefined,
      phase: { kind: "running", id: `sb-${key}`, startedAt: now, tunnels: [] },
      ...properties,
    });

  it("estimates the cost of running sandboxes from time and rate", () => {
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

  it("stops at a sandbox's end, and keeps its cost", () => {
    const { store, meter } = open();
    store.add(running("a"));
    now += HOUR;
    store.transition("a", { kind: "ended", reason: "idle", endedAt: now });
    now += HOUR;
    assert.equal(meter.costs.perHour, 0);
    close(meter.costs.today, 1);
  });

  it("accepts a higher cost from the server, and continues from there", async () => {
    const { store, meter } = open({ usage: () => ({ gpuSeconds: 2 * 3600, coreSeconds: 0, gibSeconds: 0 }) });
    store.add(running("a"));
    now += HOUR;
    await meter.update();
    close(meter.costs.today, 2);
    assert.equal(meter.costs.isTodayEstimate, false);
    now += HOUR;
    close(meter.costs.today, 3);
  });

  it("knows if the server confirmed a sandbox's cost, and estimates the cost of another machine's", async () => {
    const { store, meter } = open({ usage: () => ({ gpuSeconds: 2 * 3600, coreSeconds: 0, gibSeconds: 0 }) });
    const [ours, theirs] = [running("a"), running("b", { holder: "elsewhere" })];
    store.apply({ put: [ours, theirs], removeKeys: [] });
    now += HOUR;
    await meter.update();
    assert.ok(isRunning(ours) && isRunning(theirs));
    assert.deepEqual(meter.spentOn(ours), { dollars: 2, isEstimate: false });
    assert.deepEqual(meter.spentOn(theirs), { dollars: 1, isEstimate: true });
  });

  it("survives a restart, and includes what ran meanwhile", async () => {
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

  it("counts a sandbox once, however many windows see it", async () => {
    const one = open();
    const two = open();
    one.store.add(running("a"));
    two.store.add(running("a", { holder: "otherWindow" }));
    now += HOUR;
    await Promise.all([one.meter.update(), two.meter.update()]);
    close(one.meter.costs.today, 1);
    close(two.meter.costs.today, 1);
  });

  it("takes the last reading of a sandbox that ended while no window was open", async () => {
    const before = open();
    before.store.add(running("a"));
    await before.meter.update();
    before.meter.dispose();

    now += 3 * HOUR;
    const { meter } = open({ usage: () => ({ gpuSeconds: 2 * 3600, coreSeconds: 0, gibSeconds: 0 }) });
    await meter.update();
    await meter.settle(signal, now);
    close(meter.costs.today, 2);
    assert.equal(meter.costs.isTodayEstimate, false);
  });

  it("stops counting a sandbox that disappears with the account, and does not consider it ended", async () => {
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

  it("ignores sandboxes of other machines, and free ones", async () => {
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

  it("does not consider a sandbox ended that another window has just started", async () => {
    const other = open();
    other.store.add(running("a"));
    now += HOUR;
    await other.meter.update();
    const { meter } = open();
    await meter.update();
    await meter.settle(signal, now);
    now += HOUR;
    await other.meter.update();
    close(other.meter.costs.today, 2);
  });

  it("drops old spending", async () => {
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

  describe("when this machine sleeps for eight hours", () => {
    const used = (hours: number): Usage => ({ gpuSeconds: hours * 3600, coreSeconds: 0, gibSeconds: 0 });
    const MINUTE = HOUR / 60;
    /** A sandbox with a lifetime of an hour and an idle limit of ten minutes that ran five minutes before. */
    const sleep = async ({ useOf, usage }: Parameters<typeof open>[0] = {}) => {
      const window = open({ ...(useOf && { useOf }), ...(usage && { usage }) });
      window.store.add(running("a", { timeoutMs: HOUR, idleTimeoutMs: 10 * MINUTE }));
      now += 5 * MINUTE;
      await window.meter.update();
      await window.meter.settle(signal, now);
      now += 8 * HOUR;
      return window;
    };
    const end = async ({ store, meter }: Awaited<ReturnType<typeof sleep>>, reason: "timeout" | "idle") => {
      store.transition("a", { kind: "ended", reason, endedAt: now });
      await meter.update();
    };

    it("counts a busy sandbox up to its lifetime, before and after its end is known", async () => {
      const window = await sleep();
      close(window.meter.costs.today, 1);
      await window.meter.update();
      close(window.meter.costs.today, 1);
      await end(window, "timeout");
      close(window.meter.costs.today, 1);
    });

    it("counts an unused sandbox up to its idle limit", async () => {
      const startedAt = now;
      const useOf = (): Use => ({ kind: "idle", idleMs: now - startedAt, leftMs: startedAt + 10 * MINUTE - now });
      const window = await sleep({ useOf });
      close(window.meter.costs.today, 10 / 60);
      await window.meter.update();
      close(window.meter.costs.today, 10 / 60);
      await end(window, "idle");
      close(window.meter.costs.today, 10 / 60);
      const later = open();
      await later.meter.update();
      close(later.meter.costs.today, 10 / 60);
    });

    for (const hours of [0.25, 1.1])
      it(`accepts the server's figure once the sandbox has ended: ${hours} hours`, async () => {
        const usage = { reading: undefined as Usage | undefined };
        const window = await sleep({ usage: () => usage.reading });
        close(window.meter.costs.today, 1);
        usage.reading = used(hours);
        await end(window, "idle");
        close(window.meter.costs.today, hours);
        assert.equal(window.meter.costs.isTodayEstimate, false);
      });

    it("assigns spending to the right day", async () => {
      now = startOfDay(now) + 23 * HOUR + 50 * MINUTE;
      const window = await sleep();
      await end(window, "timeout");
      const [today, yesterday] = await window.meter.lastDays(2);
      close(today, 50 / 60);
      close(yesterday, 10 / 60);
    });
  });

  it("counts a sandbox of a killed window up to its limits if nothing is measured", async () => {
    const killed = open();
    killed.store.add(running("a", { timeoutMs: HOUR }));
    now += HOUR / 4;
    await killed.meter.update();
    killed.meter.dispose();
    now += 3 * HOUR;
    const { meter } = open();
    await meter.update();
    await meter.settle(signal, now);
    close(meter.costs.today, 1);
  });

  it("prefers an end that it saw to a lower figure from the server", async () => {
    const { store, meter } = open({ usage: () => ({ gpuSeconds: 1, coreSeconds: 0, gibSeconds: 0 }) });
    store.add(running("a"));
    now += HOUR;
    await meter.settle(signal, now);
    now += HOUR / 60;
    store.transition("a", { kind: "stopping", id: "sb-a" });
    store.remove("a");
    await meter.update();
    close(meter.costs.today, 61 / 60);
  });

  it("shows other windows the cost of an ended sandbox before the server reports its usage", async () => {
    const usage = new Deferred<Usage>();
    const [one, two] = [open({ usage: () => usage.promise }), open()];
    one.store.add(running("a"));
    now += HOUR;
    one.store.transition("a", { kind: "ended", reason: "finished", endedAt: now });
    const spending = new Spending(folder);
    while ((await spending.load(startOfDay(now), now)).length === 0) await new Promise(setImmediate);
    await two.meter.update();
    close(two.meter.costs.today, 1);
    usage.resolve({ gpuSeconds: 1800, coreSeconds: 0, gibSeconds: 0 });
    await one.meter.update();
    await two.meter.update();
    close(two.meter.costs.today, 0.5);
  });

  it("keeps all spending when the clock is set back, even to the day before", async () => {
    now = startOfDay(now) + 2 * HOUR;
    const { store, meter } = open();
    store.add(running("a"));
    now += HOUR;
    await meter.update();
    for (const back of [HOUR / 2, 2 * HOUR, 24 * HOUR]) {
      now -= back;
      close(meter.costs.today, 1);
      await meter.update();
      close(meter.costs.today, 1);
      const later = open();
      await later.meter.update();
      close(later.meter.costs.today, 1);
    }
  });
});
