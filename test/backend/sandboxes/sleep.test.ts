import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { listRates } from "../../../src/modal/rates";
import { hourlyRate } from "../../../src/sandboxes/costs/cost";
import { eventually } from "../support/processes";
import { spec, T4, useServices } from "../support/services";

const soon = () => AbortSignal.timeout(20_000);

const HOUR_MS = 3_600_000;
const perSecond = hourlyRate(spec({ gpu: T4 }), listRates) / 3600;

describe("where this machine sleeps for eight hours while a sandbox runs", function () {
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
    it(`its cost is that of ${what}, and the day's limit does not refuse the next one`, async () => {
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
});
