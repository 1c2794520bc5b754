import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { UserError } from "../../../src/base/errors";
import { Deferred } from "../../../src/base/async";
import { formatGpu } from "../../../src/modal/gpus";
import { listRates } from "../../../src/modal/rates";
import type { SandboxSpec } from "../../../src/modal/spec";
import type { Run } from "../../../src/run/run";
import { Sweep } from "../../../src/run/sweep/sweep";
import { SweepSandboxes } from "../../../src/run/sweep/sweepSandboxes";
import { silentLog } from "../../unit/support/fakes";
import { exitCodeOf, fileTarget, L4, Screen, spec, T4, useServices } from "../support/services";

describe("a run whose GPU is unavailable", function () {
  this.timeout(60_000);
  const asked: SandboxSpec[] = [];
  const answers: (SandboxSpec | undefined)[] = [];
  const services = useServices({
    env: { MODAL_LOCAL_NO_CAPACITY: "B300,B200" },
    createDeadlineMs: 2000,
    offerOther: (wanted) => {
      asked.push(wanted);
      return Promise.resolve(answers.shift());
    },
  });

  const b300 = spec({ gpu: { type: "B300", count: 1 }, gpuFallback: [{ type: "B200", count: 1 }, L4] });

  async function start() {
    await services().write("other.sh", "echo done");
    const request = {
      target: fileTarget("other.sh"),
      folder: services().folder,
      remotePath: "/workspace",
      specs: [b300],
    };
    const [run] = services().runs.start(request);
    assert.ok(run);
    return { run, screen: new Screen(run) };
  }

  it("continues on the GPU that the user agreed to, however many runs there are to ask about", async () => {
    answers.push({ ...b300, gpu: { type: "B200", count: 1 } }, { ...b300, gpu: T4 });
    const { run, screen } = await start();
    assert.equal(await exitCodeOf(run), 0);
    assert.deepEqual(
      asked.map(({ gpu }) => gpu?.type),
      ["B300", "B200"],
    );
    const steps = screen.steps.join("\n");
    assert.match(steps, /no B300 free right now\nTrying B200 instead\n[^]*no B200 free right now\nTrying T4 instead\n/);
    assert.deepEqual(
      services().store.all.map(({ gpu }) => gpu),
      [T4],
    );
    assert.deepEqual(run.gpu, T4);
  });

  it("fails with an error if the user agreed to no other GPU", async () => {
    const { run } = await start();
    const state = await run.finished;
    assert.ok(state.kind === "failed" && state.error instanceof UserError);
    assert.match(state.error.message, /^Modal has no B300 free right now/);
  });

  it("asks once for a whole sweep, which keeps to the answer with the sandboxes that it has", async () => {
    const { runs, sandboxes, store, meter, clock, folder } = services();
    await services().write("each.sh", 'echo "$1"');
    const questions: string[] = [];
    const answer = new Deferred<SandboxSpec>();
    const offerOther = (wanted: SandboxSpec) => {
      questions.push(formatGpu(wanted.gpu));
      return answer.promise;
    };
    const request = { target: fileTarget("each.sh"), folder, remotePath: "/workspace" };
    const rates = { current: listRates };
    const options = { runs, sandboxes, store, meter, rates, offerOther, clock, log: silentLog, request, spec: b300 };
    const lanes = new SweepSandboxes({ ...options, id: "asks" });
    const sets = ["1", "2", "3", "4", "5"].map((word) => ({ args: [word] }));
    const sweep = new Sweep(sets, { parallel: 2, dollars: undefined }, lanes, clock);
    const begun = sweep.entries.flatMap(({ run }) => (run ? [run] : []));
    await Promise.all(begun.map((run) => until(run, "Modal has no B300 free right now")));
    const dearest = lanes.dollarsPerHour;
    answer.resolve({ ...b300, gpu: T4 });
    await sweep.finished;
    assert.deepEqual(questions, ["B300"]);
    const all = sweep.entries.flatMap(({ run }) => (run ? [run] : []));
    assert.deepEqual(await Promise.all(all.map(exitCodeOf)), [0, 0, 0, 0, 0]);
    assert.equal(new Set(all.map(({ sandboxKey }) => sandboxKey)).size, 2);
    assert.deepEqual(
      all.slice(2).map(({ gpu }) => gpu),
      [T4, T4, T4],
    );
    assert.ok(lanes.dollarsPerHour < dearest);
  });
});

const until = (run: Run, step: string) =>
  new Promise<void>((resolve) => {
    run.onDidChangeState((state) => {
      if (state.kind === "preparing" && state.step === step) resolve();
    });
  });
