import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { Session } from "../../../../src/auth/session";
import { listRates } from "../../../../src/modal/rates";
import { summarize } from "../../../../src/ui/views/summary";
import { sandbox } from "../../support/sandboxes";

const running = sandbox({
  gpu: { type: "T4", count: 1 },
  phase: { kind: "running", id: "sb-1", startedAt: 0, tunnels: [] },
});
const credentials = { tokenId: "ak-1", tokenSecret: "as-1", source: { kind: "pasted" } } as const;
const signedIn: Session = { kind: "signedIn", credentials };

describe("the summary of the view", () => {
  it("counts running sandboxes, not those that are being created or have ended", () => {
    const ended = sandbox({ phase: { kind: "ended", reason: "idle", endedAt: 0 } });
    assert.deepEqual(summarize([running, sandbox(), ended], { session: signedIn, rates: listRates }).badge, {
      value: 1,
      tooltip: "1 sandbox running · $0.97/h",
    });
    assert.equal(summarize([sandbox(), ended], { session: signedIn, rates: listRates }).badge, undefined);
  });

  it("adds up the rates of several sandboxes", () => {
    assert.deepEqual(summarize([running], { session: signedIn, rates: listRates }).messages, []);
    assert.deepEqual(summarize([running, running], { session: signedIn, rates: listRates }).messages, [
      "2 sandboxes running · $1.94/h together",
    ]);
    assert.equal(summarize([running, running], { session: signedIn, rates: listRates }).description, "$1.94/h");
  });

  it("names no price on the local backend", () => {
    const { description, messages, badge } = summarize([running, running], {
      session: { kind: "local" },
      rates: listRates,
    });
    assert.equal(description, "local");
    assert.deepEqual(messages, []);
    assert.equal(badge?.tooltip, "2 sandboxes running");
  });

  it("starts with a problem with the records on disk, on a separate line", () => {
    const sources = { session: signedIn, rates: listRates, problem: "The disk is full." };
    assert.deepEqual(summarize([], sources).messages, ["The disk is full."]);
    assert.deepEqual(summarize([running, running], sources).messages, [
      "The disk is full.",
      "2 sandboxes running · $1.94/h together",
    ]);
  });
});
