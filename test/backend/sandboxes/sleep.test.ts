import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { listRates } from "../../../src/modal/rates";
import { hourlyRate } from "../../../src/sandboxes/costs/cost";
import { eventually } from "../support/processes";
import { fileTarget, Screen, spec, T4, useServices } from "../support/services";

const soon = () => AbortSignal.timeout(20_000);

const HOUR_MS = 3_600_000;
const perSecond = hourlyRate(spec({ gpu: T4 }), listRates) / 3600;

describe("when this machine sleeps for eight hours while a sandbox runs", function () {
  this.timeout(60_000);
  const clock = { sleptMs: 0, now: () => Date.now() + clock.sleptMs };
  // Less than ten minutes cost.
  const services = useServices({
    clock,
    limits: () => ({ sandboxes: 0, dollarsPerHour: 0, dollarsPerDay: perSecond * 600 }),
  });

  for (const [what, limits] of [
    ["its lifetime", { timeoutMs: 3000, idleTimeoutMs: 60_000 }],
    ["its idle limit", { timeoutMs: 600_000, idleTimeoutMs: 3000 }],
  ] as const)
    it(`the sandbox costs as much as ${what}, and the day's limit does not refuse the next one`, async () => {
      const { sandboxes, gateway, meter, folder } = services();
      // It may be another day when the machine wakes.
      const spent = async () => (await meter.lastDays(3)).reduce((sum, dollars) => sum + dollars, 0);
      const spentBefore = await spent();
      const { key, phase } = await sandboxes.create({ spec: spec({ gpu: T4, ...limits }), folder }, soon());
      const isOver = async () => (await gateway.poll(phase.id, soon())) !== undefined;
      assert.ok(await eventually(isOver));
      clock.sleptMs += 8 * HOUR_MS;

      const most = perSecond * 6;
      const estimate = (await spent()) - spentBefore;
      assert.ok(estimate > 0 && estimate < most, `${estimate} before the end is known`);
      await services().refresh();
      assert.equal(services().store.get(key)?.phase.kind, "ended");
      await meter.update();
      const cost = (await spent()) - spentBefore;
      assert.ok(cost > perSecond && cost < most, `${cost} once it is known`);
      const next = await sandboxes.create({ spec: spec(), folder }, soon());
      await sandboxes.terminate(next.key, soon());
    });

  it("a run that was cut off by its sandbox's end has cost no more than the sandbox's lifetime", async () => {
    const { runs, records, folder } = services();
    await services().write("long.sh", "echo ready; sleep 60");
    const limits = { timeoutMs: 4000, idleTimeoutMs: 60_000 };
    const request = { target: fileTarget("long.sh"), folder, remotePath: "/workspace" };
    const [run] = runs.start({ ...request, specs: [spec({ gpu: T4, ...limits })] });
    assert.ok(run);
    await new Screen(run).shows("ready");
    clock.sleptMs += 8 * HOUR_MS;
    await run.finished;
    const end = (await records.find(run.id))?.end;
    assert.ok(end && end.dollars > 0 && end.dollars < perSecond * 6, JSON.stringify(end));
  });

  it("a run during which the clock is set back has no negative cost", async () => {
    const { runs, folder } = services();
    await services().write("short.sh", "echo ready; read -r line");
    const request = { target: fileTarget("short.sh"), folder, remotePath: "/workspace" };
    const [run] = runs.start({ ...request, specs: [spec()] });
    assert.ok(run);
    await new Screen(run).shows("ready");
    clock.sleptMs -= HOUR_MS;
    await run.write(Buffer.from("go\n"));
    const state = await run.finished;
    assert.ok(state.kind === "ended" && state.dollars >= 0 && state.endedAt >= state.startedAt, JSON.stringify(state));
  });
});
