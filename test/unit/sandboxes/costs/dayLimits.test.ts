import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { DayLimits, type DayLimitReached } from "../../../../src/sandboxes/costs/dayLimits";
import { SandboxStore } from "../../../../src/sandboxes/sandboxStore";
import { memento } from "../../support/fakes";
import { sandbox } from "../../support/sandboxes";

const DAY = 24 * 3_600_000;

function arrange({ soft = 0, hard = 0, stopsIdle = false } = {}) {
  const store = new SandboxStore();
  const shared = memento();
  const state = { today: 0, now: DAY, busy: new Set<string>(), confirm: () => Promise.resolve(true) };
  const none = { dollarsPerHour: 0, sandboxes: 0 };
  const open = () => {
    const watch = new DayLimits({
      meter: {
        get costs() {
          return { isFree: false, sandboxes: [], perHour: 0, today: state.today, isTodayEstimate: false };
        },
      },
      store,
      limits: () => ({ soft: { ...none, dollarsPerDay: soft }, hard: { ...none, dollarsPerDay: hard } }),
      stopsIdle: () => stopsIdle,
      isBusy: (key) => state.busy.has(key),
      memento: shared,
      confirm: () => state.confirm(),
      clock: { now: () => state.now },
    });
    const told: DayLimitReached[] = [];
    const idle: string[] = [];
    watch.onDidReachLimit((reached) => told.push(reached));
    watch.onDidFindIdle((found) => idle.push(...found.map(({ key }) => key)));
    const checkAt = async (today: number, isAttended = true) => {
      state.today = today;
      await watch.check(isAttended);
    };
    return { watch, told, idle, checkAt };
  };
  const run = (key: string, holder: "thisWindow" | "otherWindow" = "thisWindow") => {
    store.add(sandbox({ key, holder, phase: { kind: "running", id: `sb-${key}`, startedAt: 0, tunnels: [] } }));
  };
  return { state, open, run };
}

describe("the daily limits", () => {
  it("are announced once each when they are reached, and again the next day", async () => {
    const { state, open } = arrange({ soft: 2, hard: 5 });
    const { told, checkAt } = open();
    for (const today of [1.99, 2, 3, 5, 6]) await checkAt(today);
    assert.deepEqual(told, [
      { kind: "soft", limit: 2, today: 2 },
      { kind: "hard", limit: 5, today: 5 },
    ]);
    state.now += DAY;
    await checkAt(2.5);
    assert.equal(told.length, 3);
  });

  it("are announced in one window, the one in use", async () => {
    const { open } = arrange({ soft: 2 });
    const [one, two] = [open(), open()];
    await one.checkAt(3, false);
    assert.deepEqual(one.told, []);
    await two.checkAt(3);
    await one.checkAt(3);
    assert.deepEqual([one.told.length, two.told.length], [0, 1]);
  });

  it("end idle sandboxes of this window once the hard limit is reached, each when it becomes idle", async () => {
    const { state, open, run } = arrange({ hard: 5, stopsIdle: true });
    const { idle, checkAt } = open();
    run("idle");
    run("busy");
    run("other", "otherWindow");
    state.busy.add("busy");
    await checkAt(4, false);
    assert.deepEqual(idle, []);
    await checkAt(5, false);
    assert.deepEqual(idle, ["idle"]);
    state.busy.clear();
    await checkAt(5.1, false);
    await checkAt(5.2, false);
    assert.deepEqual(idle, ["idle", "busy"]);
  });

  it("end nothing unless the setting says so, and nothing at the soft limit", async () => {
    for (const limits of [{ hard: 5 }, { soft: 5, stopsIdle: true }]) {
      const { open, run } = arrange(limits);
      const { idle, checkAt } = open();
      run("idle");
      await checkAt(6);
      assert.deepEqual(idle, []);
    }
  });

  it("are announced only for confirmed costs, not for an estimate from before this machine slept", async () => {
    const { state, open } = arrange({ hard: 5 });
    const { told, checkAt } = open();
    state.confirm = () => {
      state.today = 1;
      return Promise.resolve(true);
    };
    await checkAt(30);
    assert.deepEqual(told, []);
    state.confirm = () => Promise.resolve(false);
    await checkAt(30);
    assert.deepEqual(told, []);
    state.confirm = () => Promise.resolve(true);
    await checkAt(30);
    assert.equal(told.length, 1);
  });

  it("ask the server once at a time, and not again after an announcement", async () => {
    const { state, open } = arrange({ hard: 5 });
    const { told, checkAt, watch } = open();
    let confirmations = 0;
    state.confirm = async () => {
      confirmations += 1;
      await watch.check(true);
      return true;
    };
    await checkAt(6);
    await checkAt(7);
    assert.deepEqual([confirmations, told.length], [1, 1]);
  });

  it("try again to end a sandbox after a failure, and end nothing once the day has passed or it is busy", async () => {
    const { state, open, run } = arrange({ hard: 5, stopsIdle: true });
    const { idle, checkAt, watch } = open();
    const ended: string[] = [];
    const end = (key: string) => {
      ended.push(key);
      return Promise.reject(new Error("no network"));
    };
    const sandboxes = () => watch.idle();
    run("a");
    await checkAt(5, false);
    await assert.rejects(watch.endIdle(sandboxes(), end), /no network/);
    await checkAt(5, false);
    assert.deepEqual([idle, ended], [["a", "a"], ["a"]]);

    const found = sandboxes();
    state.busy.add("a");
    await watch.endIdle(found, end);
    state.busy.clear();
    await checkAt(5, false);
    state.today = 0;
    await watch.endIdle(found, end);
    assert.deepEqual([idle, ended], [["a", "a", "a"], ["a"]]);
  });
});
