import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { DayLimits, type DayLimitReached } from "../../../src/sandboxes/dayLimits";
import { SandboxStore } from "../../../src/sandboxes/sandboxStore";
import { memento } from "../support/fakes";
import { sandbox } from "../support/sandboxes";

const DAY = 24 * 3_600_000;

function arrange({ soft = 0, hard = 0, stopsIdle = false } = {}) {
  const store = new SandboxStore();
  const shared = memento();
  const state = { today: 0, now: DAY, busy: new Set<string>() };
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
      clock: { now: () => state.now },
    });
    const told: DayLimitReached[] = [];
    const idle: string[] = [];
    watch.onDidReachLimit((reached) => told.push(reached));
    watch.onDidFindIdle((found) => idle.push(...found.map(({ key }) => key)));
    const checkAt = (today: number, isAttended = true) => {
      state.today = today;
      watch.check(isAttended);
    };
    return { told, idle, checkAt };
  };
  const run = (key: string, holder: "thisWindow" | "otherWindow" = "thisWindow") => {
    store.add(sandbox({ key, holder, phase: { kind: "running", id: `sb-${key}`, startedAt: 0, tunnels: [] } }));
  };
  return { state, open, run };
}

describe("the limits of a day", () => {
  it("are told once each as they are reached, and again the next day", () => {
    const { state, open } = arrange({ soft: 2, hard: 5 });
    const { told, checkAt } = open();
    for (const today of [1.99, 2, 3, 5, 6]) checkAt(today);
    assert.deepEqual(told, [
      { kind: "soft", limit: 2, today: 2 },
      { kind: "hard", limit: 5, today: 5 },
    ]);
    state.now += DAY;
    checkAt(2.5);
    assert.equal(told.length, 3);
  });

  it("are told in one window, where somebody is", () => {
    const { open } = arrange({ soft: 2 });
    const [one, two] = [open(), open()];
    one.checkAt(3, false);
    assert.deepEqual(one.told, []);
    two.checkAt(3);
    one.checkAt(3);
    assert.deepEqual([one.told.length, two.told.length], [0, 1]);
  });

  it("end what idles in this window once the hard one is reached, each as it falls idle", () => {
    const { state, open, run } = arrange({ hard: 5, stopsIdle: true });
    const { idle, checkAt } = open();
    run("idle");
    run("busy");
    run("other", "otherWindow");
    state.busy.add("busy");
    checkAt(4, false);
    assert.deepEqual(idle, []);
    checkAt(5, false);
    assert.deepEqual(idle, ["idle"]);
    state.busy.clear();
    checkAt(5.1, false);
    checkAt(5.2, false);
    assert.deepEqual(idle, ["idle", "busy"]);
  });

  it("end nothing unless that is asked for, nor at the soft one", () => {
    for (const limits of [{ hard: 5 }, { soft: 5, stopsIdle: true }]) {
      const { open, run } = arrange(limits);
      const { idle, checkAt } = open();
      run("idle");
      checkAt(6);
      assert.deepEqual(idle, []);
    }
  });
});
