import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { Emitter } from "../../../../src/base/event";
import type { ComparedRun } from "../../../../src/run/compare/comparison";
import { Run, type RunState } from "../../../../src/run/run";
import { RunLog } from "../../../../src/run/output/runLog";
import { Sweep, type SweepLanes } from "../../../../src/run/sweep/sweep";
import { comparisonOf, comparisonOfSweep } from "../../../../src/ui/comparison/comparisonSources";

const T4 = { type: "T4", count: 1 };
const clock = { now: () => 0 };

function runOf(label: string, args: readonly string[] = []): Run {
  const target = { label, program: "python3", argv: ["python3"], args };
  return new Run({ id: label, target, gpu: T4, group: "", isBackground: true, log: new RunLog("") });
}

class FakeTracked {
  readonly changed = new Emitter<Run>();
  readonly onDidChangeTracked = this.changed.event;

  of({ id, target, gpu, state }: Run): ComparedRun {
    const { label, args = [] } = target;
    return {
      id,
      runId: id,
      label,
      args,
      gpu,
      state,
      queuedAt: 0,
      peak: undefined,
      utilization: [],
      values: new Map(),
    };
  }
}

const ended = (exitCode: number): RunState => ({ kind: "ended", exitCode, startedAt: 0, endedAt: 1, dollars: 0.25 });

describe("the source of a comparison", () => {
  it("is named after its target, and counts the runs by state", () => {
    const runs = ["a.py", "b.py", "c.py"].map((label) => runOf(label));
    const source = comparisonOf(() => runs, new FakeTracked());
    assert.equal(source.title, "a.py, b.py, c.py");
    assert.equal(source.note, "3 runs · 3 starting");
    runs[0]?.enter(ended(0));
    runs[1]?.enter(ended(1));
    assert.equal(source.note, "3 runs · 1 done, 1 failed, 1 starting");
    assert.equal(source.isLive, true);
    runs[2]?.enter({ kind: "canceled" });
    assert.equal(source.note, "3 runs · 1 done, 1 failed, 1 canceled");
    assert.equal(source.isLive, false);
  });

  it("reports only changes of its own runs", () => {
    const tracked = new FakeTracked();
    const [own, other] = [runOf("a.py"), runOf("b.py")];
    const source = comparisonOf(() => [own], tracked);
    let changes = 0;
    source.onDidChange(() => changes++);
    tracked.changed.fire(other);
    tracked.changed.fire(own);
    assert.equal(changes, 1);
  });

  it("includes the waiting sets of a sweep, with the file's own arguments and the amount spent", async () => {
    const lanes: SweepLanes<Run> = {
      start: (args) => runOf("a.py", ["--fast", ...args]),
      end: () => Promise.resolve(),
      spent: 0.25,
      dollarsPerHour: 1,
    };
    const sets = ["1", "2", "3"].map((word) => ({ args: [word] }));
    const sweep = new Sweep(sets, { parallel: 1, dollars: 0.5 }, lanes, clock);
    const target = { label: "a.py", program: "python3", argv: [], args: ["--fast"] };
    const source = comparisonOfSweep(sweep, { target, gpu: T4 }, new FakeTracked());
    assert.equal(source.title, "Sweep of a.py");
    assert.equal(source.note, "T4 · 3 argument sets · 1 starting, 2 waiting · $0.25 of $0.50");
    assert.deepEqual(
      source.runs.map(({ id, runId, args }) => [id, runId, args.join(" ")]),
      [
        ["0", "a.py", "--fast 1"],
        ["1", undefined, "--fast 2"],
        ["2", undefined, "--fast 3"],
      ],
    );
    sweep.entries[0]?.run?.enter(ended(0));
    await sweep.finished;
    assert.equal(source.note, "T4 · 3 argument sets · 1 done, 2 not started · $0.25 of $0.50");
    assert.equal(source.isLive, false);
  });
});
