import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { fateOf } from "../../../../src/run/program/closedTerminal";
import type { RunState } from "../../../../src/run/run";

describe("closing a run's terminal", () => {
  const running: RunState = { kind: "running", startedAt: 1_000_000, dollarsPerHour: 3.95 };
  const after = (seconds: number) => 1_000_000 + seconds * 1000;

  it("stops a program that has run for less than a minute, and keeps one that has run for longer", () => {
    assert.equal(fateOf(running, "ask", after(59)), "stop");
    assert.equal(fateOf(running, "ask", after(60)), "offer");
    assert.equal(fateOf(running, "ask", after(3600)), "offer");
  });

  it("stops a run whose program has not started, however long that takes", () => {
    assert.equal(fateOf({ kind: "preparing", step: "Waiting for a machine" }, "ask", after(3600)), "stop");
  });

  it("follows the setting at any age", () => {
    for (const now of [after(1), after(3600)]) {
      assert.equal(fateOf(running, "stop", now), "stop");
      assert.equal(fateOf(running, "keep", now), "keep");
    }
  });

  it("leaves a finished run as it is", () => assert.equal(fateOf({ kind: "canceled" }, "stop", after(1)), "keep"));
});
