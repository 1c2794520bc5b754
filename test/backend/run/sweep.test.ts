import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { describe, it } from "mocha";
import { listRates } from "../../../src/modal/rates";
import type { Run } from "../../../src/run/run";
import { Sweep, type SweepLimits } from "../../../src/run/sweep/sweep";
import { SweepSandboxes } from "../../../src/run/sweep/sweepSandboxes";
import { TrackedRuns } from "../../../src/run/trackedRuns";
import { MetricService } from "../../../src/sandboxes/metrics/metricService";
import { silentLog } from "../../unit/support/fakes";
import { fileTarget, spec, T4, useServices } from "../support/services";

describe("a sweep on sandboxes", function () {
  this.timeout(120_000);
  const services = useServices();

  function start(file: string, sets: readonly string[][], limits: SweepLimits, sandboxSpec = spec()) {
    const { runs, sandboxes, store, meter, clock, folder } = services();
    const request = { target: fileTarget(file), folder, remotePath: "/workspace" };
    const rates = { current: listRates };
    const id = `${file} ${sets.length}`;
    const offerOther = () => Promise.resolve(undefined);
    const options = {
      id,
      offerOther,
      runs,
      sandboxes,
      store,
      meter,
      rates,
      clock,
      log: silentLog,
      request,
      spec: sandboxSpec,
    };
    const lanes = new SweepSandboxes(options);
    const entries = sets.map((args) => ({ args }));
    return new Sweep(entries, limits, lanes, clock);
  }

  const runsOf = (sweep: Sweep<Run>): Run[] => sweep.entries.flatMap(({ run }) => (run ? [run] : []));

  const exitCodes = (sweep: Sweep<Run>) =>
    runsOf(sweep).map(({ state }) => (state.kind === "ended" ? state.exitCode : state.kind));

  it("never uses more sandboxes than agreed, uses each again and again, and leaves none behind", async () => {
    const { store, folder } = services();
    await services().write("part.sh", 'echo "$1" >"made-$1"; echo "metric: got=$1"');
    const most = { running: 0 };
    const subscription = store.onDidChangeSandboxes(() => {
      most.running = Math.max(most.running, store.all.filter(({ phase }) => phase.kind !== "ended").length);
    });
    const sets = ["1", "2", "3", "4", "5"].map((word) => [word]);
    const sweep = start("part.sh", sets, { parallel: 2, dollars: undefined });
    await sweep.finished;
    subscription.dispose();
    assert.deepEqual(exitCodes(sweep), [0, 0, 0, 0, 0]);
    assert.equal(most.running, 2);
    assert.equal(new Set(runsOf(sweep).map(({ sandboxKey }) => sandboxKey)).size, 2);
    assert.deepEqual(store.all, []);
    const made = (await readdir(folder)).filter((name) => name.startsWith("made-"));
    assert.deepEqual(made.sort(), ["made-1", "made-2", "made-3", "made-4", "made-5"]);
    assert.ok(sweep.spent > 0);
  });

  it("continues when a set fails", async () => {
    await services().write("picky.sh", '[ "$1" != bad ]');
    const sweep = start("picky.sh", [["bad"], ["good"], ["bad"], ["good"]], { parallel: 2, dollars: undefined });
    await sweep.finished;
    assert.deepEqual(exitCodes(sweep), [1, 0, 1, 0]);
  });

  it("starts no set that may reach the spending limit, judged by the most expensive set so far", async () => {
    await services().write("quick.sh", "true");
    const sandboxSpec = spec({ gpu: { type: "H100", count: 8 } });
    const minute = 0.6;
    const sets = ["1", "2", "3"].map((word) => [word]);
    const none = start("quick.sh", sets, { parallel: 1, dollars: minute / 2 }, sandboxSpec);
    await none.finished;
    assert.deepEqual(runsOf(none), []);

    const some = start("quick.sh", sets, { parallel: 3, dollars: minute * 1.5 }, sandboxSpec);
    assert.equal(runsOf(some).length, 1);
    await some.finished;
    assert.equal(some.entries.length, 3);
    for (const { run, skipped } of some.entries) assert.ok(run ?? skipped === "spending limit of $0.90");
    assert.ok(some.spent > 0 && some.spent < minute * 1.5, String(some.spent));
  });

  it("stops with its sandboxes when the user stops it", async () => {
    await services().write("long.sh", "echo ready; sleep 600");
    const sweep = start("long.sh", [["1"], ["2"], ["3"]], { parallel: 2, dollars: undefined });
    const [first] = runsOf(sweep);
    assert.ok(first);
    await new Promise<void>((resolve) => {
      first.onDidOutput(() => resolve());
    });
    await sweep.stop();
    await sweep.finished;
    assert.equal(runsOf(sweep).length, 2);
    assert.deepEqual(services().store.all, []);
  });

  it("compares its runs by the values that they report, live or read from their logs", async () => {
    const { runs, store, exec, clock, folder } = services();
    await services().write("reports.sh", "echo metric: loss=0.5; printf '{\"acc\": 0.75}'");
    const metrics = new MetricService({ exec, store, isBusy: () => true, clock, log: silentLog });
    const live = new TrackedRuns({ metrics, clock, log: silentLog });
    const specs = [spec({ gpu: T4 })];
    const [run] = runs.start({
      target: fileTarget("reports.sh"),
      folder,
      remotePath: "/workspace",
      specs,
      isBackground: true,
    });
    assert.ok(run);
    live.of(run);
    await run.finished;
    const expected = [
      ["loss", 0.5],
      ["acc", 0.75],
    ];
    assert.deepEqual([...live.of(run).values], expected);

    const later = new TrackedRuns({ metrics, clock, log: silentLog });
    const read = new Promise<void>((resolve) => {
      later.onDidChangeTracked(() => resolve());
    });
    later.of(run);
    await read;
    assert.deepEqual([...later.of(run).values], expected);
    for (const one of [live, later, metrics]) one.dispose();
  });
});
