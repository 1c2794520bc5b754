import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "mocha";
import { compare, type ComparedRun } from "../../../../src/run/compare/comparison";
import { inOrder, type Order } from "../../../../src/run/compare/comparisonOrder";
import { pageHtml, pageOf } from "../../../../src/ui/comparison/comparisonPage";

const HTML = pageHtml({
  script: "https://x/comparison.js",
  style: "https://x/comparison.css",
  cspSource: "https://x",
  nonce: "n0",
});

const run = (type: string, seconds: number): ComparedRun => ({
  id: type,
  runId: type,
  label: "train.py",
  args: [],
  gpu: { type, count: 1 },
  queuedAt: 0,
  peak: undefined,
  state: { kind: "ended", exitCode: 0, dollars: seconds / 100, startedAt: 1000, endedAt: 1000 + seconds * 1000 },
  utilization: [10, 90],
  values: new Map(),
});

const page = (order?: Order) => {
  const waiting: ComparedRun = { ...run("H100", 1), runId: undefined, state: { kind: "waiting" } };
  const comparison = compare([run("T4", 20), run("L4", 10), waiting], { now: 0, isFree: false });
  return pageOf(inOrder(comparison, order), order, { title: "train.py", note: "3 runs", canStop: false });
};

describe("the page of a comparison", () => {
  it("may run only its own script and load only its own style", () => {
    assert.match(
      HTML,
      /Content-Security-Policy" content="default-src 'none'; style-src https:\/\/x; script-src 'nonce-n0';"/,
    );
    assert.deepEqual(HTML.match(/<script[^>]*>/g), ['<script nonce="n0" src="https://x/comparison.js">']);
    assert.doesNotMatch(HTML, /\son\w+=|style=|javascript:/);
  });

  it("inserts values only as text, and has the theme's colors", () => {
    assert.doesNotMatch(
      readFileSync("media/comparison.js", "utf8"),
      /innerHTML|outerHTML|insertAdjacent|eval|Function\(/,
    );
    assert.doesNotMatch(readFileSync("media/comparison.css", "utf8"), /#[0-9a-f]{3,8}\b(?! \{)|rgb|hsl|url\(|@import/i);
  });

  it("has a heading for each column with its sort order", () => {
    const columns = (order?: Order) => page(order).columns.map(({ key, sort }) => `${key} ${sort}`);
    assert.deepEqual(
      columns().filter((text) => !text.endsWith("none")),
      [],
    );
    assert.ok(columns({ column: "time", isDescending: false }).includes("time ascending"));
    assert.ok(columns({ column: "time", isDescending: true }).includes("time descending"));
  });

  it("has rows in order, each linked to its run if there is one", () => {
    const { rows } = page({ column: "time", isDescending: false });
    assert.deepEqual(
      rows.map(({ key, run: id, tone }) => [key, id, tone]),
      [
        ["L4", "L4", "good"],
        ["T4", "T4", "good"],
        ["H100", undefined, "quiet"],
      ],
    );
    assert.deepEqual(rows[0]?.cells.slice(0, 4), ["L4", "Done", "10s", "$0.10"]);
    assert.deepEqual(rows[0].line, [10, 90]);
  });

  it("has the charts' bars in the order of the rows", () => {
    const [time] = page({ column: "time", isDescending: false }).charts;
    assert.deepEqual(
      time?.bars.map(({ key }) => key),
      ["L4", "T4"],
    );
  });
});
