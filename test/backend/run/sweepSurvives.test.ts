import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "mocha";
import { collect } from "../../../src/modal/exec";
import { costOf } from "../../../src/sandboxes/costs/cost";
import { listRates } from "../../../src/modal/rates";
import { isFinished, type Run } from "../../../src/run/run";
import type { Sweep } from "../../../src/run/sweep/sweep";
import { SweepRecords } from "../../../src/run/sweep/sweepRecords";
import { SweepService } from "../../../src/run/sweep/sweepService";
import { EnvVault } from "../../../src/sandboxes/ownership/envVault";
import { memento, secretStore, silentLog } from "../../unit/support/fakes";
import { eventually } from "../support/processes";
import { exitCodeOf, fileTarget, Screen, spec } from "../support/services";
import { useWindows } from "../support/windows";

const HELD = `echo ready
while [ "$1" != 0 ] && [ ! -e /tmp/go ]; do sleep 0.05; done
echo >"made-$1"
`;

const SECRET = "s3cret";

/** How many windows open while the one before them closes: `OVERLAPS=100` looks for races. */
const OVERLAPS = Number(process.env.OVERLAPS ?? 1);

describe("a sweep whose window closes", function () {
  this.timeout(120_000);
  const windows = useWindows();
  const sets = ["0", "1", "2", "3", "4", "5"].map((word) => [word]);
  const sandboxSpec = spec({ env: { TOKEN: SECRET } });

  /** The sweeps of the window that is open, and how it closes. */
  const sweepsOf = (state = memento(), vault = new EnvVault(secretStore(), silentLog)) => {
    const { services } = windows;
    const closing = new AbortController();
    const sweeps = new SweepRecords(state, vault, silentLog);
    const rates = { current: listRates };
    const offerOther = () => Promise.resolve(undefined);
    const options = { ...services, offerOther, rates, log: silentLog, sweeps, closing: closing.signal };
    return { service: new SweepService(options), sweeps, state, vault, closing };
  };
  const runsOf = (sweep: Sweep<Run>): Run[] => sweep.entries.flatMap(({ run }) => (run ? [run] : []));
  const release = async () => {
    const { store, exec } = windows.services;
    for (const sandbox of store.all)
      if (sandbox.phase.kind === "running")
        await collect(await exec.exec(sandbox.phase.id, ["touch", "/tmp/go"], {}, AbortSignal.timeout(10_000)));
  };
  /** The outputs, each in the folder of its set. */
  const made = async () => {
    const [group = "", ...others] = await readdir(join(windows.folder, "runs"));
    assert.deepEqual(others, []);
    const paths = await readdir(join(windows.folder, "runs", group), { recursive: true });
    return paths.filter((path) => path.includes("/made-")).sort();
  };

  const planOf = () => ({
    target: { ...fileTarget("held.sh"), env: { KEY: SECRET } },
    folder: windows.folder,
    remotePath: "/workspace",
    gpu: undefined,
    limits: { parallel: 2, dollars: undefined },
  });

  /** A sweep with one run over and two under way, as the next window finds it. */
  const interrupted = async () => {
    await windows.write("held.sh", HELD);
    const { service, state, vault, closing } = sweepsOf();
    const sweep = service.start(planOf(), sandboxSpec, sets);
    await new Promise<void>((resolve) => {
      sweep.onDidChangeSweep(() => {
        if (runsOf(sweep).length === 3) resolve();
      });
    });
    const underWay = runsOf(sweep).slice(1);
    await Promise.all(underWay.map((run) => new Screen(run).shows("ready")));
    closing.abort();
    await windows.reopen();
    return sweepsOf(state, vault);
  };

  it("resumes in the next window with the waiting sets, after the running ones and on the existing sandboxes", async () => {
    const { service, sweeps } = await interrupted();
    const { store } = windows.services;
    const [left] = await service.interrupted();
    assert.ok(left);
    assert.equal(left.waiting, 3);
    assert.ok(!JSON.stringify(sweeps.all).includes(SECRET));
    assert.equal(store.all.length, 0);

    const sweep = await service.resume(left.record, sandboxSpec, AbortSignal.timeout(30_000));
    assert.deepEqual(
      sweep.entries.map(({ run }) => run && isFinished(run.state)),
      [true, false, false, undefined, undefined, undefined],
    );
    assert.equal(store.all.length, 2);
    assert.ok(sweep.spent > 0);
    await release();
    await sweep.finished;
    assert.deepEqual(await Promise.all(runsOf(sweep).map(exitCodeOf)), [0, 0, 0, 0, 0, 0]);
    assert.equal(
      new Set(
        runsOf(sweep)
          .slice(1)
          .map(({ sandboxKey }) => sandboxKey),
      ).size,
      2,
    );
    assert.deepEqual(await made(), ["0/made-0", "1/made-1", "2/made-2", "3/made-3", "4/made-4", "5/made-5"]);
    assert.deepEqual(store.all, []);
    assert.deepEqual(sweeps.all, []);
  });

  it("keeps the sandbox of a run whose outputs may exist only there", async () => {
    const { service } = await interrupted();
    const [left] = await service.interrupted();
    const { records, store, sandboxes } = windows.services;
    assert.ok(left);
    const first = await records.find(left.record.sets[0]?.runId ?? "");
    assert.ok(first?.end);
    await records.end({ ...first, end: { ...first.end, isPullFailed: true } });

    const sweep = await service.resume(left.record, sandboxSpec, AbortSignal.timeout(30_000));
    await release();
    await sweep.finished;
    const running = store.all.filter(({ phase }) => phase.kind === "running");
    assert.deepEqual(
      running.map(({ phase }) => phase.kind === "running" && phase.id),
      [first.sandboxId],
    );
    for (const { key } of running) await sandboxes.terminate(key, AbortSignal.timeout(20_000));
  });

  it("counts earlier spending, and ends its sandboxes if the limit leaves nothing to run", async () => {
    const { service } = await interrupted();
    const { services } = windows;
    await services.refresh();
    await eventually(() => Promise.resolve(services.runs.runs.length === 2));
    await release();
    await Promise.all(services.runs.runs.map(exitCodeOf));
    const [left] = await service.interrupted();
    assert.ok(left);
    const past = (await services.records.past()).slice(-3);
    const spent = past.reduce((sum, { end }) => sum + (end?.dollars ?? 0), 0);
    const limits = { parallel: 2, dollars: spent };
    const sweep = await service.resume({ ...left.record, limits }, sandboxSpec, AbortSignal.timeout(30_000));
    await sweep.finished;
    assert.ok(sweep.spent >= spent, `${sweep.spent} of ${spent}`);
    assert.deepEqual(await Promise.all(runsOf(sweep).map(exitCodeOf)), [0, 0, 0]);
    for (const { skipped } of sweep.entries.slice(3)) assert.match(skipped ?? "", /^spending limit of/);
    assert.deepEqual(services.store.all, []);
  });

  it("counts what its unfinished runs may have cost if their sandboxes have ended meanwhile", async () => {
    const { service, sweeps } = await interrupted();
    const { services } = windows;
    const signal = AbortSignal.timeout(30_000);
    const listed = await services.gateway.list(signal);
    const [left] = await service.interrupted();
    assert.ok(left);
    const { sets: begun } = left.record;
    const records = await Promise.all(begun.map(({ runId }) => services.records.find(runId ?? "")));
    const unfinished = records.filter((record) => record && !record.end);
    assert.equal(unfinished.length, 2);
    await Promise.all(listed.map(({ id }) => services.gateway.terminate(id, signal)));
    // The server's sandboxes start a moment before we know, which counts for much in lives so short.
    const ids = new Set(unfinished.map((record) => record?.sandboxId));
    const startedAt = listed.filter(({ id }) => ids.has(id)).map((sandbox) => sandbox.startedAt ?? Date.now());
    const spent = 0.5 * startedAt.reduce((sum, at) => sum + costOf(sandboxSpec, Date.now() - at, listRates), 0);

    const limits = { parallel: 2, dollars: spent };
    const sweep = await service.resume({ ...left.record, limits }, sandboxSpec, signal);
    await sweep.finished;
    assert.ok(sweep.spent > spent, `${sweep.spent} of ${spent}`);
    for (const { skipped } of sweep.entries.slice(3)) assert.match(skipped ?? "", /^spending limit of/);
    assert.deepEqual(sweeps.all, []);
    assert.deepEqual(await services.gateway.list(signal), []);
  });

  it("starts nothing more once the rest is discarded, and ends each sandbox after its program", async () => {
    const { service, sweeps } = await interrupted();
    const [left] = await service.interrupted();
    assert.ok(left);
    const sweep = await service.discard(left.record, sandboxSpec, AbortSignal.timeout(30_000));
    assert.deepEqual(await service.interrupted(), []);
    assert.equal(windows.services.store.all.length, 2);
    await release();
    await sweep.finished;
    assert.deepEqual(await Promise.all(runsOf(sweep).map(exitCodeOf)), [0, 0, 0]);
    assert.deepEqual(
      sweep.entries.slice(3).map(({ skipped }) => skipped),
      ["discarded", "discarded", "discarded"],
    );
    assert.deepEqual(windows.services.store.all, []);
    assert.deepEqual(sweeps.all, []);
  });

  it("leaves nothing running if the next window opens before it is gone", async function () {
    this.timeout(120_000 + 10_000 * OVERLAPS);
    for (let attempt = 0; attempt < OVERLAPS; attempt++) {
      await windows.write("held.sh", HELD);
      const { service: before, state, closing } = sweepsOf();
      const sweep = before.start(planOf(), sandboxSpec, [["1"], ["2"]]);
      await Promise.all(runsOf(sweep).map((run) => new Screen(run).shows("ready")));
      const close = await windows.overlap();
      const { service } = sweepsOf(state);
      assert.deepEqual(await service.interrupted(), []);

      const taken: Sweep<Run>[] = [];
      const takingOver = service.takeOver(async ({ record, waiting }) => {
        assert.equal(waiting, 0);
        taken.push(await service.discard(record, sandboxSpec, AbortSignal.timeout(30_000)));
      }, AbortSignal.timeout(30_000));
      for (let look = 0; look < 3; look++) await windows.services.refresh();
      closing.abort();
      await close();
      await takingOver;
      await release();
      await Promise.all(taken.map(({ finished }) => finished));
      assert.deepEqual(await Promise.all(taken.flatMap(runsOf).map(exitCodeOf)), [0, 0]);
      const { gateway } = windows.services;
      assert.deepEqual(await gateway.list(AbortSignal.timeout(10_000)), []);
    }
  });

  it("gets its secret arguments from the vault, and can only be discarded without them", async () => {
    await windows.write("held.sh", HELD);
    const { service, state, vault, closing } = sweepsOf();
    const plan = { ...planOf(), limits: { parallel: 1, dollars: undefined } };
    const sweep = service.start(plan, sandboxSpec, [
      ["7", "--api-key", SECRET],
      ["0", "--api-key", SECRET],
    ]);
    const [first] = runsOf(sweep);
    assert.ok(first);
    await new Screen(first).shows("ready");
    closing.abort();
    await windows.reopen();
    assert.doesNotMatch(JSON.stringify(state.get("modalSandboxes.sweeps")), /s3cret/);

    const other = sweepsOf(state).service;
    const [lost] = await other.interrupted();
    assert.ok(lost);
    await assert.rejects(
      other.resume(lost.record, sandboxSpec, AbortSignal.timeout(30_000)),
      /^UserError: The secret arguments of the sweep of held\.sh are no longer available\. Discard the sweep/,
    );

    const { service: next, sweeps } = sweepsOf(state, vault);
    const [left] = await next.interrupted();
    assert.ok(left);
    assert.equal(left.waiting, 1);
    const continued = await next.resume(left.record, sandboxSpec, AbortSignal.timeout(30_000));
    await release();
    await continued.finished;
    assert.deepEqual(
      runsOf(continued).map(({ target: { args } }) => args?.at(-1)),
      ["••••", SECRET],
    );
    assert.deepEqual(await Promise.all(runsOf(continued).map(exitCodeOf)), [0, 0]);
    assert.deepEqual(sweeps.all, []);
  });

  it("has nothing left to run if a set was skipped or ran long ago", async () => {
    const { service, sweeps } = await interrupted();
    const [left] = await service.interrupted();
    assert.ok(left);
    await windows.services.records.forget(await windows.services.records.past());
    const sets = left.record.sets.map((set, at) => (at < 3 ? set : { ...set, skipped: "stopped" }));
    sweeps.put({ ...left.record, sets });
    assert.deepEqual(
      (await service.interrupted()).map(({ waiting }) => waiting),
      [0],
    );
  });
});
