import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { lifetimeNotice } from "../../../src/run/lifetimeNotice";
import type { RunningSandbox } from "../../../src/sandboxes/sandbox";
import { sandbox } from "../support/sandboxes";

const MINUTE = 60_000;
const phase: RunningSandbox["phase"] = { kind: "running", id: "sb-1", startedAt: 0, tunnels: [] };
const hourLong: RunningSandbox = { ...sandbox({ timeoutMs: 60 * MINUTE }), phase };

describe("the notice before a run", () => {
  for (const { title, atMinute, lastRunMs, says } of [
    { title: "is empty while there is time", atMinute: 10, lastRunMs: undefined, says: undefined },
    { title: "is empty for a run that fits", atMinute: 10, lastRunMs: 40 * MINUTE, says: undefined },
    {
      title: "warns of a run that would not fit",
      atMinute: 10,
      lastRunMs: 51 * MINUTE,
      says: /ends in 50m, .* took 51m/,
    },
    {
      title: "warns if little time is left",
      atMinute: 52,
      lastRunMs: MINUTE,
      says: /ends in 8m\. A longer run is cut off/,
    },
    { title: "warns at the very end", atMinute: 61, lastRunMs: undefined, says: /ends in 0\.0s/ },
  ])
    it(title, () => {
      const notice = lifetimeNotice(hourLong, atMinute * MINUTE, lastRunMs);
      if (says) assert.match(notice ?? "", says);
      else assert.equal(notice, undefined);
    });

  it("is empty for a sandbox without an end", () =>
    assert.equal(lifetimeNotice({ ...hourLong, timeoutMs: 0 }, 0, MINUTE), undefined));
});
