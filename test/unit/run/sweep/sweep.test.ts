import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { Deferred } from "../../../../src/base/async";
import type { RunState } from "../../../../src/run/run";
import { Sweep, type SweepLanes, type SweepLimits, type SweepRun } from "../../../../src/run/sweep/sweep";

const HOUR_MS = 3_600_000;

/** A run that ends when the test says so. */
class FakeRun implements SweepRun {
  readonly id: string;
  readonly #over = new Deferred<RunState>();
  readonly finished = this.#over.promise;
  state: RunState;

  constructor(id: string, startedAt: number) {
    this.id = id;
    this.state = { kind: "running", startedAt, dollarsPerHour: 6 };
  }

  async end(dollars: number, exitCode = 0): Promise<void> {
    this.#settle({ kind: "ended", startedAt: 0, endedAt: 0, exitCode, dollars });
    await turn();
  }

  async fail(): Promise<void> {
    this.#settle({ kind: "failed", error: new Error("no machine") });
    await turn();
  }

  async stop(): Promise<void> {
    this.#settle({ kind: "canceled" });
    await turn();
  }

  #settle(state: RunState): void {
    this.state = state;
    this.#over.resolve(state);
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Lanes at six dollars an hour, ten cents a minute. */
class FakeLanes implements SweepLanes<FakeRun> {
  readonly dollarsPerHour = 6;
  readonly clock = { at: 0, now: () => this.clock.at };
  readonly started: { readonly args: string; readonly lane: number; readonly run: FakeRun }[] = [];
  readonly ended: number[] = [];

  get spent(): number {
    return this.started
      .map(({ run: { state } }) => {
        if (state.kind === "ended") return state.dollars;
        return state.kind === "running" ? (6 * (this.clock.at - state.startedAt)) / HOUR_MS : 0;
      })
      .reduce((sum, dollars) => sum + dollars, 0);
  }

  start(args: readonly string[], lane: number): FakeRun {
    const run = new FakeRun(args.join(" "), this.clock.at);
    this.started.push({ args: args.join(" "), lane, run });
    return run;
  }

  end(lane: number): Promise<void> {
    this.ended.push(lane);
    return Promise.resolve();
  }

  run(args: string): FakeRun {
    const found = this.started.find((one) => one.args === args);
    assert.ok(found, `${args} was started`);
    return found.run;
  }
}

function sweepOf(names: string, limits: SweepLimits) {
  const lanes = new FakeLanes();
  const sweep = new Sweep(
    Array.from(names, (name) => ({ args: [name] })),
    limits,
    lanes,
    lanes.clock,
  );
  return { lanes, sweep, started: () => lanes.started.map(({ args }) => args).join("") };
}

const unlimited = { parallel: 2, dollars: undefined };

describe("a sweep", () => {
  it("runs up to the limit of sets at the same time, uses free sandboxes again, and ends each that has nothing left", async () => {
    const { lanes, sweep, started } = sweepOf("abcd", unlimited);
    assert.equal(started(), "ab");
    await lanes.run("b").end(1);
    assert.equal(started(), "abc");
    await lanes.run("c").end(1);
    await lanes.run("d").end(1);
    assert.deepEqual(
      lanes.started.map(({ lane }) => lane),
      [0, 1, 1, 1],
    );
    assert.deepEqual(lanes.ended, [1]);
    assert.equal(sweep.isFinished, false);
    await lanes.run("a").end(1);
    await sweep.finished;
    assert.equal(sweep.isFinished, true);
    assert.deepEqual(lanes.ended, [1, 0]);
  });

  it("continues when a set fails in any way", async () => {
    const { lanes, sweep, started } = sweepOf("abcd", { parallel: 1, dollars: undefined });
    await lanes.run("a").end(1, 3);
    await lanes.run("b").fail();
    await lanes.run("c").stop();
    await lanes.run("d").end(1);
    await sweep.finished;
    assert.equal(started(), "abcd");
  });

  it("uses no more sandboxes than there are sets", () =>
    assert.equal(sweepOf("ab", { parallel: 9, dollars: undefined }).started(), "ab"));

  it("assumes that a run costs a minute until one has finished", () => {
    assert.equal(sweepOf("abcd", { parallel: 4, dollars: 0.25 }).started(), "ab");
    assert.equal(sweepOf("abcd", { parallel: 4, dollars: 0.1 }).started(), "");
    assert.equal(sweepOf("abcd", { parallel: 4, dollars: 10 }).started(), "abcd");
  });

  it("starts no set that may reach the limit, judged by the most expensive one so far", async () => {
    const { lanes, sweep, started } = sweepOf("abcdefgh", { parallel: 1, dollars: 4 });
    await lanes.run("a").end(0.5);
    await lanes.run("b").end(1);
    await lanes.run("c").end(0.5);
    // 2.00 spent, and 1.00 for the next.
    await lanes.run("d").end(1);
    // 3.00 spent, and 1.00 for the next: that is the limit.
    await sweep.finished;
    assert.equal(started(), "abcd");
    assert.deepEqual(
      sweep.entries.slice(4).map(({ skipped }) => skipped),
      Array.from({ length: 4 }, () => "spending limit of $4.00"),
    );
  });

  it("includes the possible costs of its current runs, and lets them finish", async () => {
    const { lanes, sweep, started } = sweepOf("abcdef", { parallel: 3, dollars: 3.5 });
    assert.equal(started(), "abc");
    lanes.clock.at = HOUR_MS / 6;
    // Two have run for a dollar and may cost as much as this one: 1 + 2 spent, nothing to come, 1 for the next.
    await lanes.run("a").end(1);
    assert.equal(started(), "abc");
    assert.equal(sweep.isFinished, false);
    assert.deepEqual(lanes.ended, [0]);
    await lanes.run("b").end(1);
    await lanes.run("c").end(1);
    await sweep.finished;
    assert.equal(sweep.spent, 3);
  });

  it("stops its runs and starts no other when it is stopped", async () => {
    const { lanes, sweep, started } = sweepOf("abcd", unlimited);
    await sweep.stop();
    await sweep.finished;
    assert.equal(started(), "ab");
    assert.equal(lanes.run("a").state.kind, "canceled");
    assert.deepEqual(
      sweep.entries.map(({ skipped }) => skipped),
      [undefined, undefined, "stopped", "stopped"],
    );
    assert.deepEqual([...lanes.ended].sort(), [0, 1]);
  });

  it("continues next to the runs that an earlier window left on its sandboxes", async () => {
    const lanes = new FakeLanes();
    const [over, under] = [lanes.start(["a"], 0), lanes.start(["b"], 1)];
    await over.end(1);
    const begun = [over, under].map((run, lane) => ({ args: [run.id], run, lane }));
    const sweep = new Sweep(
      [...begun, { args: ["c"] }, { args: ["d"] }, { args: ["e"] }],
      unlimited,
      lanes,
      lanes.clock,
    );
    assert.deepEqual(
      lanes.started.map(({ args, lane }) => `${args}${lane}`),
      ["a0", "b1", "c0"],
    );
    await under.end(1);
    await lanes.run("d").end(1);
    await lanes.run("e").end(1);
    await lanes.run("c").end(1);
    await sweep.finished;
    assert.deepEqual(
      lanes.started.slice(2).map(({ args, lane }) => `${args}${lane}`),
      ["c0", "d1", "e1"],
    );
    assert.deepEqual([...lanes.ended].sort(), [0, 1]);
  });

  it("starts no set and ends no sandbox once its window closes", async () => {
    const { lanes, sweep, started } = sweepOf("abcd", unlimited);
    sweep.dispose();
    await lanes.run("a").end(1);
    await lanes.run("b").fail();
    await sweep.finished;
    assert.equal(started(), "ab");
    assert.deepEqual(lanes.ended, []);
    assert.equal(sweep.isFinished, false);
  });

  it("reports each change of its entries", async () => {
    const { lanes, sweep } = sweepOf("abc", unlimited);
    let changes = 0;
    sweep.onDidChangeSweep(() => changes++);
    await lanes.run("a").end(1);
    assert.equal(changes, 2);
    assert.equal(sweep.entries.filter(({ run }) => run).length, 3);
  });
});
