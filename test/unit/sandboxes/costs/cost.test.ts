import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { listRates } from "../../../../src/modal/rates";
import { costOf, costOfUsage, hourlyRate } from "../../../../src/sandboxes/costs/cost";

const close = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual - expected) < 0.005, `${actual} is not about ${expected}`);

describe("the price of a sandbox", () => {
  it("is the price of its GPUs, cores and memory", () => {
    const machine = { cpu: 2, memoryMiB: 4096 };
    close(hourlyRate({ ...machine, gpu: undefined }, listRates), 2 * 0.142 + 4 * 0.024);
    close(hourlyRate({ ...machine, gpu: { type: "H100", count: 2 } }, listRates), 2 * 3.95 + 2 * 0.142 + 4 * 0.024);
  });

  it("includes Modal's default reservation if the spec asks for nothing", () => {
    close(
      hourlyRate({ gpu: undefined, cpu: undefined, memoryMiB: undefined }, listRates),
      0.125 * 0.142 + 0.125 * 0.024,
    );
  });

  it("is higher if it is pinned to a region: that of the cheapest of its regions", () => {
    const t4 = { gpu: { type: "T4", count: 1 }, cpu: 2, memoryMiB: 4096 };
    const free = hourlyRate(t4, listRates);
    close(hourlyRate({ ...t4, regions: [] }, listRates), free);
    close(hourlyRate({ ...t4, regions: ["eu"] }, listRates), free * 1.15);
    close(hourlyRate({ ...t4, regions: ["us-east", "jp"] }, listRates), free * 1.75);
    close(hourlyRate({ ...t4, regions: ["us-east", "us"] }, listRates), free * 1.15);
    const hour = { gpuSeconds: 3600, coreSeconds: 0, gibSeconds: 0 };
    close(costOfUsage(hour, { ...t4, regions: ["eu"] }, 3_600_000, listRates), free * 1.15);
  });

  it("grows with time", () => {
    const t4 = { gpu: { type: "T4", count: 1 }, cpu: 0, memoryMiB: 0 };
    close(costOf(t4, 30 * 60_000, listRates), 0.295);
    assert.equal(costOf(t4, 0, listRates), 0);
  });
});
