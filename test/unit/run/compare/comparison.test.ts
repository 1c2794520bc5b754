import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { compare, type ComparedRun, type Comparison } from "../../../../src/run/compare/comparison";
import { toCsv, toMarkdown } from "../../../../src/run/compare/comparisonExport";
import { chartsOf, inOrder, nextOrder } from "../../../../src/run/compare/comparisonOrder";

const START = 1_000_000;

const run = (type: string, more: Partial<ComparedRun> = {}): ComparedRun => ({
  id: type,
  runId: type,
  label: "train.py",
  args: [],
  gpu: { type, count: 1 },
  state: { kind: "preparing", step: `Waiting for ${type}` },
  queuedAt: START,
  peak: undefined,
  utilization: [],
  values: new Map(),
  ...more,
});

const ended = (seconds: number, dollars: number, exitCode = 0): ComparedRun["state"] => ({
  kind: "ended",
  exitCode,
  dollars,
  startedAt: START + 4000,
  endedAt: START + 4000 + seconds * 1000,
});

const three = [
  run("T4", { state: ended(100, 0.02), values: new Map([["loss", 0.5]]) }),
  run("L4", {
    state: ended(40, 0.04),
    values: new Map([["loss", 0.25]]),
    peak: { utilization: 97, memoryBytes: 21e9 },
  }),
  run("H100", { state: { kind: "running", startedAt: START + 9000, dollarsPerHour: 3.6 } }),
];

const comparisonOf = (runs: readonly ComparedRun[] = three, isFree = false): Comparison =>
  compare(runs, { now: START + 19_000, isFree });

/** Returns the cells of a column by its title. */
function column(title: string, comparison = comparisonOf()): string[] {
  const index = comparison.columns.findIndex((found) => found.title === title);
  assert.ok(index >= 0, `${title} of ${comparison.columns.map((found) => found.title).join(", ")}`);
  return comparison.rows.map(({ cells }) => cells[index]?.text ?? "");
}

describe("the comparison of runs", () => {
  it("has a row for each run with state, times, exit code and cost", () => {
    assert.deepEqual(column("GPU"), ["T4", "L4", "H100"]);
    assert.deepEqual(column("State"), ["Done", "Done", "Running"]);
    assert.deepEqual(column("Time to start"), ["4.0s", "4.0s", "9.0s"]);
    assert.deepEqual(column("Run time"), ["1m 40s", "40s", "10s"]);
    assert.deepEqual(column("Exit code"), ["0", "0", ""]);
    assert.deepEqual(column("Cost"), ["$0.02", "$0.04", "$0.01"]);
  });

  it("shows a run that the user stopped as neither done nor failed", () => {
    const stopped = run("A10", { state: { ...ended(1, 0.001, 130), stoppedBy: "interrupt" } as ComparedRun["state"] });
    const gone = run("A100", { state: { ...ended(1, 0.001, 137), stoppedBy: "termination" } as ComparedRun["state"] });
    const comparison = comparisonOf([stopped, gone]);
    assert.deepEqual(column("State", comparison), ["Interrupted", "Terminated"]);
    assert.deepEqual(
      comparison.rows.map(({ tone }) => tone),
      ["quiet", "quiet"],
    );
  });

  it("compares the cost of a run with that of the cheapest successful one", () => {
    const failed = run("A10", { state: ended(1, 0.001, 1) });
    assert.deepEqual(column("Vs. cheapest", comparisonOf([...three, failed])), ["1.0×", "2.0×", "", ""]);
  });

  it("has a column for each value that any run reported", () => {
    assert.deepEqual(column("loss"), ["0.5", "0.25", ""]);
    const values = new Map([
      ["count", 1_234_567],
      ["small", 0.00000123],
      ["ratio", 1 / 3],
      ["broken", NaN],
      ["one", 1],
    ]);
    const texts = comparisonOf([run("T4", { values })])
      .rows[0]?.cells.slice(-7, -2)
      .map(({ text }) => text);
    assert.deepEqual(texts, ["1,234,567", "1.230e-6", "0.33333", "NaN", "1"]);
  });

  it("names the output folder of each ended run, also in an exported file", () => {
    const outputs = "runs/train.py-2026-11-28-2105/T4";
    const runs = [run("T4", { state: ended(1, 0.01), outputs }), run("L4", { outputs: "runs/x/L4" })];
    assert.deepEqual(column("Outputs", comparisonOf(runs)), [outputs, ""]);
    const [head, first] = toCsv(comparisonOf(runs)).split("\r\n");
    assert.ok(head?.endsWith(",Exit code,Outputs") && first?.endsWith(`,0,${outputs}`));
    assert.ok(!comparisonOf().columns.some(({ key }) => key === "outputs"));
  });

  it("has the GPU's peaks if any was measured, and no empty columns", () => {
    assert.deepEqual(column("Peak GPU memory"), ["", "21 GB", ""]);
    assert.deepEqual(column("Peak GPU use"), ["", "97 %", ""]);
    const titles = comparisonOf([run("T4")]).columns.map(({ title }) => title);
    assert.ok(!titles.some((title) => title.startsWith("Peak")));
  });

  it("names each run by its differences", () => {
    assert.deepEqual(
      comparisonOf().rows.map(({ name }) => name),
      ["T4", "L4", "H100"],
    );
    const sweep = [run("T4", { args: ["--lr", "0.1"] }), run("T4", { args: ["--name", "a b"] }), run("T4")];
    assert.deepEqual(
      comparisonOf(sweep).rows.map(({ name }) => name),
      ["--lr 0.1", "--name 'a b'", "none"],
    );
    const files = [run("T4"), run("L4", { label: "other.py" })];
    assert.deepEqual(
      comparisonOf(files).rows.map(({ name }) => name),
      ["train.py · T4", "other.py · L4"],
    );
  });

  it("describes the state of each run in words", () => {
    const states = [
      { kind: "waiting" },
      { kind: "skipped", reason: "the spending limit is reached" },
      { kind: "preparing", step: "Syncing the folder" },
      { kind: "failed", error: new Error("Modal has no H100 free right now.") },
      { kind: "canceled" },
      ended(1, 1, 3),
    ] as const;
    const comparison = comparisonOf(states.map((state, index) => run("T4", { id: String(index), state })));
    assert.deepEqual(column("State", comparison), [
      "Waiting",
      "Not started: the spending limit is reached",
      "Syncing the folder",
      "Failed: Modal has no H100 free right now.",
      "Canceled",
      "Exit code 3",
    ]);
    assert.deepEqual(
      comparison.rows.map(({ tone }) => tone),
      ["quiet", "quiet", "active", "bad", "quiet", "bad"],
    );
  });

  it("says that the local backend is free", () => {
    assert.deepEqual(column("Cost on Modal", comparisonOf(three, true)), ["$0.02", "$0.04", "$0.01"]);
  });
});

describe("the order of a comparison", () => {
  const names = (key: string, isDescending = false) =>
    inOrder(comparisonOf(), { column: key, isDescending }).rows.map(({ name }) => name);

  it("goes by a column's numbers or text, with missing values last", () => {
    assert.deepEqual(names("time"), ["H100", "L4", "T4"]);
    assert.deepEqual(names("time", true), ["T4", "L4", "H100"]);
    assert.deepEqual(names("value loss"), ["L4", "T4", "H100"]);
    assert.deepEqual(names("value loss", true), ["T4", "L4", "H100"]);
    assert.deepEqual(names("gpu"), ["H100", "L4", "T4"]);
    assert.deepEqual(names("no such column"), ["T4", "L4", "H100"]);
  });

  it("goes up, down, and back to the original", () => {
    const up = nextOrder(undefined, "time");
    assert.deepEqual(up, { column: "time", isDescending: false });
    const down = nextOrder(up, "time");
    assert.deepEqual(down, { column: "time", isDescending: true });
    assert.equal(nextOrder(down, "time"), undefined);
    assert.deepEqual(nextOrder(down, "cost"), { column: "cost", isDescending: false });
  });
});

describe("the charts of a comparison", () => {
  it("show run time, cost and each reported value, with the longest bar for the greatest", () => {
    const charts = chartsOf(comparisonOf());
    assert.deepEqual(
      charts.map(({ title }) => title),
      ["Run time", "Cost", "loss"],
    );
    assert.deepEqual(charts[2]?.bars, [
      { id: "T4", name: "T4", tone: "good", text: "0.5", share: 1 },
      { id: "L4", name: "L4", tone: "good", text: "0.25", share: 0.5 },
    ]);
  });

  it("have bars of a valid length for any values", () => {
    const values = [0, NaN, -4, 2, Infinity].map((value) => new Map([["x", value]]));
    const runs = values.map((of, index) => run("T4", { id: String(index), values: of }));
    const [chart] = chartsOf(comparisonOf(runs));
    assert.deepEqual(
      chart?.bars.map(({ text, share }) => [text, share]),
      [
        ["0", 0],
        ["NaN", 0],
        ["-4", 1],
        ["2", 0.5],
        ["Infinity", 1],
      ],
    );
  });
});

describe("a comparison that is exported", () => {
  it("is CSV with units in the titles and unrounded numbers", () => {
    assert.deepEqual(toCsv(comparisonOf()).split("\r\n"), [
      "GPU,State,Run time (s),Cost (USD),Vs. cheapest,loss,Peak GPU use (%),Peak GPU memory (bytes),Time to start (s),Exit code",
      "T4,Done,100,0.02,1,0.5,,,4,0",
      "L4,Done,40,0.04,2,0.25,97,21000000000,4,0",
      "H100,Running,10,0.01,,,,,9,",
      "",
    ]);
  });

  it("contains no secret arguments, nor does the page", () => {
    const args = ["0.1", "0.2"].map((rate) => ["--rate", rate, "--api-key", "s3cret"]);
    const comparison = comparisonOf(args.map((set, index) => run("T4", { id: String(index), args: set })));
    assert.deepEqual(column("Arguments", comparison), ["--rate 0.1 --api-key ••••", "--rate 0.2 --api-key ••••"]);
    assert.doesNotMatch(toCsv(comparison) + toMarkdown(comparison) + JSON.stringify(comparison), /s3cret/);
  });

  it("quotes values, and leaves none that a spreadsheet would run as a formula", () => {
    const texts = ['=HYPERLINK("http://x")', "+1", "-lr 1", "@sum", "\t=1", 'a "b", c', "two\nlines", " =1", "1-2"];
    const runs = texts.map((label) => run("T4", { id: label, label, values: new Map([["=1+1", -1]]) }));
    const csv = toCsv(comparisonOf(runs));
    assert.match(csv, /,'=1\+1,/);
    const firsts = csv
      .split("\r\n")
      .slice(1, -1)
      .map((line) => line.replace(/,Waiting for.*/, ""));
    assert.deepEqual(firsts, [
      '"\'=HYPERLINK(""http://x"")"',
      "'+1",
      "'-lr 1",
      "'@sum",
      "'\t=1",
      '"a ""b"", c"',
      '"two\nlines"',
      "' =1",
      "1-2",
    ]);
    assert.ok(csv.includes(",-1,"), "a number stays one");
  });

  it("is a Markdown table whose values stay plain text", () => {
    const markdown = toMarkdown(comparisonOf([run("T4", { label: "a|b *c*\n[d](e) <f>" }), run("L4")]));
    const [head, align, first] = markdown.split("\n");
    assert.equal(head, "| Run | GPU | State | Run time | Cost | Vs. cheapest | Time to start | Exit code |");
    assert.equal(align, "| :-- | :-- | :-- | --: | --: | --: | --: | --: |");
    assert.match(first ?? "", /^\| a\\\|b \\\*c\\\* \\\[d\\\]\(e\) \\<f\\> \| T4 \|/);
  });
});
