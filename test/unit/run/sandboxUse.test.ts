import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { listRates } from "../../../src/modal/rates";
import type { RunRecord } from "../../../src/run/runRecords";
import { dollarsOfUse, ended, usesOf, type SandboxUse } from "../../../src/run/sandboxUse";
import { makingOf } from "../../../src/sandboxes/spec/savedSpec";
import { sandbox } from "../support/sandboxes";

const HOUR = 3_600_000;

/** An hour of it costs a dollar. */
const rates = { ...listRates, gpus: new Map([["T4", 1]]), core: 0, gib: 0 };
const billable = { gpu: { type: "T4", count: 1 }, cpu: 0, memoryMiB: 0 };
const use: SandboxUse = { id: "sb-1", billable, startedAt: 0, timeoutMs: HOUR };

describe("a sweep's use of a sandbox", () => {
  it("costs money until its end is seen or its lifetime has passed", () => {
    assert.equal(dollarsOfUse(use, HOUR / 2, rates), 0.5);
    assert.equal(dollarsOfUse(use, 8 * HOUR, rates), 1);
    assert.equal(dollarsOfUse({ ...use, timeoutMs: 0 }, 8 * HOUR, rates), 8);
    assert.equal(dollarsOfUse({ ...use, endedAt: HOUR / 4 }, 8 * HOUR, rates), 0.25);
  });

  it("costs nothing more once no window holds the sandbox", () => {
    assert.equal(dollarsOfUse(ended(use, HOUR / 2), 8 * HOUR, rates), 0.5);
    assert.equal(dollarsOfUse(ended(use, 2 * HOUR), 8 * HOUR, rates), 1);
    assert.equal(dollarsOfUse(ended({ ...use, endedAt: HOUR / 4 }, HOUR / 2), HOUR, rates), 0.25);
  });

  it("follows the runs if an earlier version recorded no use: it is open while one of them is", () => {
    const spec = { ...makingOf(sandbox({ ...billable, timeoutMs: HOUR })).spec, env: {} };
    const run = (sandboxId: string, startedAt: number, endedAt?: number) => {
      const end = endedAt === undefined ? {} : { end: { endedAt, dollars: 0 } };
      return { sandboxId, startedAt, ...end } as RunRecord;
    };
    const runs = [run("sb-1", 10, 20), run("sb-1", 30, 40), run("sb-2", 5, 10), run("sb-2", 15)];
    assert.deepEqual(
      usesOf(runs, spec).map(({ id, startedAt, endedAt, timeoutMs }) => [id, startedAt, endedAt, timeoutMs]),
      [
        ["sb-1", 10, 40, HOUR],
        ["sb-2", 5, undefined, HOUR],
      ],
    );
  });
});
