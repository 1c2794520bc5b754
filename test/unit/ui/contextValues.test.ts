import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { Sandbox } from "../../../src/sandboxes/sandbox";
import { sandboxKeys, sessionKeys } from "../../../src/ui/contextValues";
import { sandbox } from "../support/sandboxes";

const running = sandbox({ phase: { kind: "running", id: "sb-1", startedAt: 0, tunnels: [] } });
const paused = sandbox({ phase: { kind: "paused", imageId: "im-1", pausedAt: 0 } });
const ended = sandbox({ phase: { kind: "ended", reason: "timeout", endedAt: 0 } });

const trueKeys = (keys: object): string[] =>
  Object.entries(keys).flatMap(([key, value]) => (value === true ? [key.replace("modalSandboxes.", "")] : []));

describe("context keys", () => {
  it("say that sandboxes are reachable with an account or the local backend, in a trusted folder", () => {
    assert.deepEqual(trueKeys(sessionKeys({ kind: "local" }, true)), ["isConnected"]);
    assert.deepEqual(trueKeys(sessionKeys({ kind: "local" }, false)), []);
    assert.deepEqual(trueKeys(sessionKeys({ kind: "signedOut" }, true)), []);
    assert.equal(sessionKeys({ kind: "local" }, true)["modalSandboxes.session"], "local");
  });

  it("say which kinds of sandboxes and snapshots exist", () => {
    const keys = (sandboxes: readonly Sandbox[], kinds: readonly ("manual" | "exit")[] = []) =>
      trueKeys(
        sandboxKeys(
          sandboxes,
          kinds.map((kind) => ({ kind })),
        ),
      );
    assert.deepEqual(keys([]), []);
    assert.deepEqual(keys([running, ended]), ["hasRunning"]);
    assert.deepEqual(keys([{ ...running, holder: "nobody" }]), ["hasRunning", "hasOrphans"]);
    assert.deepEqual(keys([paused]), ["hasPaused"]);
    assert.deepEqual(keys([], ["manual"]), ["hasSnapshots"]);
    assert.deepEqual(keys([ended], ["exit"]), ["hasRestorable", "hasSnapshots"]);
  });
});
