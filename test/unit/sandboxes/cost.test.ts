import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { listRates } from "../../../src/modal/rates";
import { costOf, hourlyRate } from "../../../src/sandboxes/cost";

const close = (actual: number, expected: number) => {
  assert.ok(Math.abs(actual - expected) < 0.005, `${actual} is not about ${expected}`);
};

describe("what a sandbox costs", () => {
  it("is its GPUs, cores and memory", () => {
    const machine = { cpu: 2, memoryMiB: 4096 };
    close(hourlyRate({ ...machine, gpu: undefined }, listRates), 2 * 0.142 + 4 * 0.024);
    close(hourlyRate({ ...machine, gpu: { type: "H100", count: 2 } }, listRates), 2 * 3.95 + 2 * 0.142 + 4 * 0.024);
  });

  it("counts Modal's default reservation where nothing was asked", () => {
    close(
      hourlyRate({ gpu: undefined, cpu: undefined, memoryMiB: undefined }, listRates),
      0.125 * 0.142 + 0.125 * 0.024,
    );
  });

  it("grows with time", () => {
    const t4 = { gpu: { type: "T4", count: 1 }, cpu: 0, memoryMiB: 0 };
    close(costOf(t4, 30 * 60_000, listRates), 0.295);
    assert.equal(costOf(t4, 0, listRates), 0);
  });
});
