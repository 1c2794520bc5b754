import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { Deferred } from "../../../../src/base/async";
import { Emitter } from "../../../../src/base/event";
import type { StartedProcess } from "../../../../src/modal/exec";
import { Activity } from "../../../../src/sandboxes/metrics/activity";
import type { RunningSandbox } from "../../../../src/sandboxes/sandbox";
import { sandbox } from "../../support/sandboxes";

const MINUTE = 60_000;
const running: RunningSandbox = {
  ...sandbox({ idleTimeoutMs: 10 * MINUTE }),
  phase: { kind: "running", id: "sb-1", startedAt: 0, tunnels: [] },
};

function arrange() {
  const started = new Emitter<StartedProcess>();
  const clock = { minute: 0, now: () => clock.minute * MINUTE };
  const activity = new Activity({ onDidStartProcess: started.event }, clock);
  const heard: string[] = [];
  activity.onDidChangeActivity((id) => heard.push(id));
  const start = (isProbe = false) => {
    const over = new Deferred<undefined>();
    started.fire({ sandboxId: "sb-1", isProbe, finished: over.promise });
    return async () => {
      over.resolve(undefined);
      await over.promise;
    };
  };
  return { activity, clock, heard, start };
}

describe("the use of a sandbox", () => {
  it("counts from its start until this window runs something in it", () => {
    const { activity, clock } = arrange();
    clock.minute = 4;
    assert.deepEqual(activity.useOf(running), { kind: "idle", idleMs: 4 * MINUTE, leftMs: 6 * MINUTE });
  });

  it("is busy while a program or a shell runs, and idle after the last one", async () => {
    const { activity, clock, heard, start } = arrange();
    const [endShell, endProgram] = [start(), start()];
    clock.minute = 5;
    await endProgram();
    assert.deepEqual(activity.useOf(running), { kind: "busy" });
    assert.equal(activity.isBusy("sb-1"), true);
    clock.minute = 20;
    await endShell();
    clock.minute = 22;
    assert.deepEqual(activity.useOf(running), { kind: "idle", idleMs: 2 * MINUTE, leftMs: 8 * MINUTE });
    assert.deepEqual(heard, ["sb-1", "sb-1"]);
  });

  it("counts again from a probe, which keeps the sandbox alive but does not make it busy", async () => {
    const { activity, clock, heard, start } = arrange();
    clock.minute = 7;
    const end = start(true);
    assert.equal(activity.isBusy("sb-1"), false);
    assert.deepEqual(activity.useOf(running), { kind: "idle", idleMs: 0, leftMs: 10 * MINUTE });
    await end();
    clock.minute = 8;
    assert.deepEqual(activity.useOf(running), { kind: "idle", idleMs: MINUTE, leftMs: 9 * MINUTE });
    assert.deepEqual(heard, []);
  });

  it("belongs to another window if the sandbox outlives its idle limit", () => {
    const { activity, clock } = arrange();
    clock.minute = 11;
    assert.deepEqual(activity.useOf(running), { kind: "idle", idleMs: 11 * MINUTE, leftMs: -MINUTE });
    clock.minute = 12;
    assert.deepEqual(activity.useOf(running), { kind: "usedElsewhere" });
    assert.deepEqual(activity.useOf({ ...running, idleTimeoutMs: undefined }), {
      kind: "idle",
      idleMs: 12 * MINUTE,
      leftMs: undefined,
    });
  });

  it("is unknown for another window's sandbox", () => {
    const { activity } = arrange();
    assert.equal(activity.useOf({ ...running, holder: "otherWindow" }), undefined);
  });
});
