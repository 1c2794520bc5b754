import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { Costs, MeteredSandbox } from "../../../../src/sandboxes/costs/costMeter";
import { costStatus, costTooltip, dayLimitText, remaining, weekText } from "../../../../src/ui/costs/costText";
import { sandbox } from "../../support/sandboxes";

const MINUTE = 60_000;

const metered = (name: string, soFar: number, isEstimate = true): MeteredSandbox => ({
  sandbox: sandbox({
    key: name,
    name,
    gpu: { type: "H100", count: 2 },
    phase: { kind: "running", id: `sb-${name}`, startedAt: 0, tunnels: [] },
  }),
  perHour: 8.28,
  soFar,
  isEstimate,
});

const costs = (properties: Partial<Costs> = {}): Costs => ({
  isFree: false,
  sandboxes: [],
  perHour: 0,
  today: 0,
  isTodayEstimate: false,
  ...properties,
});

const two = costs({
  sandboxes: [metered("a", 1), metered("b", 0.12)],
  perHour: 16.56,
  today: 1.12,
  isTodayEstimate: true,
});

describe("the costs in the status bar", () => {
  it("are the number of sandboxes, their rate and the day's total, with a mark for an estimate", () => {
    assert.equal(costStatus(two)?.text, "$(vm-running) 2 · $16.56/h · ~$1.12 today");
    assert.equal(costStatus({ ...two, isTodayEstimate: false })?.text, "$(vm-running) 2 · $16.56/h · $1.12 today");
    assert.equal(costStatus(two)?.spoken, "2 Modal sandboxes running, $16.56 per hour, about $1.12 today");
  });

  it("stay for the rest of the day, and are hidden if they are zero", () => {
    assert.equal(costStatus(costs({ today: 1.5 }))?.text, "$(vm) $1.50 today");
    assert.equal(costStatus(costs()), undefined);
    assert.equal(costStatus(costs({ today: 0.004 })), undefined);
  });

  it("are hidden on the local backend", () => {
    assert.equal(costStatus({ ...two, isFree: true })?.text, "$(vm-running) 2 · free");
    assert.equal(costStatus(costs({ isFree: true })), undefined);
  });
});

describe("the tooltip of the costs", () => {
  const options = { account: "acme/main", source: "list prices of 2026-10-08" };

  it("lists each sandbox, the total, the owners and the source of the prices", () => {
    const text = costTooltip({ ...options, costs: two }).replaceAll("\\", "");
    assert.match(text, /^\*\*Modal sandboxes · acme\/main\*\*\n/);
    assert.match(text, /\| 2 × H100 · a \| \$8\.28\/h \| ~\$1\.00 \|/);
    assert.match(text, /\| Together \| \$16\.56\/h \| ~\$1\.12 today \|/);
    assert.match(text, /By list prices of 2026-10-08\. ~ marks an estimate from time and rate\.$/);
  });

  it("has no total for one sandbox", () => {
    const one = costs({ sandboxes: [metered("a", 1, false)], perHour: 8.28, today: 3 });
    const text = costTooltip({ ...options, costs: one }).replaceAll("\\", "");
    assert.doesNotMatch(text, /Together|estimate/);
    assert.match(text, /\$3\.00 spent today\./);
  });

  it("shows names as plain text", () => {
    const hostile = costs({ sandboxes: [metered("[x](command:y)", 1)], perHour: 1, today: 1 });
    assert.doesNotMatch(costTooltip({ ...options, costs: hostile }), /\[x\]\(/);
  });
});

describe("the costs of the last days", () => {
  const now = Date.parse("2026-11-29T12:00:00");

  it("are marked as an estimate only if one of them is", () => {
    assert.deepEqual(weekText({ isTodayEstimate: false }, [0.05, 0, 0], now), {
      description: "$0.05",
      detail: "today $0.05",
    });
    assert.deepEqual(weekText({ isTodayEstimate: true }, [0.05, 0, 1.2], now), {
      description: "~$1.25",
      detail: "today ~$0.05 · Fri $1.20",
    });
  });
});

describe("the time left for a sandbox", () => {
  it("is shown in whole minutes", () => {
    assert.equal(remaining(metered("a", 0), 9.8 * MINUTE), "ends in 50m");
    assert.equal(remaining(metered("a", 0), 0.1 * MINUTE), "ends in 59m");
    assert.equal(remaining(metered("a", 0), 60 * MINUTE), "ends in moments");
  });
});

describe("the notice of a day's limit", () => {
  const reached = { kind: "hard", limit: 0.01, today: 0.04 } as const;

  it("says what keeps running, and at what price", () => {
    assert.equal(
      dayLimitText(reached, costs({ sandboxes: [metered("a", 1)], perHour: 7.48 })),
      "Your sandboxes have cost $0.04 today, and your hard limit is $0.01 a day. No more sandboxes will be created today. 1 sandbox keeps running at $7.48/h until terminated.",
    );
    assert.match(
      dayLimitText(reached, costs({ sandboxes: [metered("a", 1), metered("b", 1)], perHour: 9 })),
      /2 sandboxes keep running at \$9\.00\/h/,
    );
  });

  it("says nothing of running sandboxes if there are none", () => {
    assert.match(dayLimitText(reached, costs({ sandboxes: [], perHour: 0 })), /created today\.$/);
  });
});
