import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { ReportedValues } from "../../../../src/run/output/reportedValues";
import type { RunOutput } from "../../../../src/run/output/runOutput";

const output = (text: string, stream: RunOutput["stream"] = "stdout"): RunOutput => ({
  bytes: Buffer.from(text),
  stream,
});

function reported(...pieces: readonly (string | RunOutput)[]): Record<string, number> {
  const values = new ReportedValues();
  for (const piece of pieces) values.add(typeof piece === "string" ? output(piece) : piece);
  values.end();
  return Object.fromEntries(values.all);
}

describe("the values that a program reports", () => {
  it("come from lines with metric:, and the last one of each name counts", () => {
    const text = "starting\nmetric: loss=0.5 acc=0.25\nother\nmetric: loss=1e-3\n";
    assert.deepEqual(reported(text), { loss: 0.001, acc: 0.25 });
    assert.deepEqual(reported("metric: tokens/s=-12., größe=+.5; nan=nan low=-inf\n"), {
      "tokens/s": -12,
      größe: 0.5,
      nan: NaN,
      low: -Infinity,
    });
  });

  it("come from lines that are objects of nothing but numbers, in JSON or Python", () => {
    assert.deepEqual(reported('{"loss": 0.5, "epoch":2}\n'), { loss: 0.5, epoch: 2 });
    assert.deepEqual(reported("{'loss': 0.25, 'grad norm': NaN}\n"), { loss: 0.25, "grad norm": NaN });
    for (const text of [
      '{"loss": "low"}',
      '{"a": {"b": 1}}',
      '{"a": 1, "level": "info"}',
      "{}",
      '{"a": [1]}',
      '{"a": 1',
    ])
      assert.deepEqual(reported(`${text}\n`), {}, text);
  });

  it("do not come from lines that only look similar", () => {
    const texts = ["metric: fast", "metric: loss=abc", "metrics: loss=1", "my-metric: loss=1", "loss=1", "metric: =1"];
    for (const text of [...texts, "metric: loss=1x", "metric: loss=0x10"])
      assert.deepEqual(reported(`${text}\n`), {}, text);
  });

  it("are found behind a log's prefix, colors, and a progress bar's carriage returns", () => {
    assert.deepEqual(reported("2026-01-02 INFO metric: loss=1\n"), { loss: 1 });
    assert.deepEqual(reported("\x1b[32mmetric: loss=\x1b[1m2\x1b[0m\r\n"), { loss: 2 });
    assert.deepEqual(reported('10%\r100%\r{"loss": 3}\r\n'), { loss: 3 });
  });

  it("are the same wherever the output is cut, down to single bytes", () => {
    const text = '…\nmetric: größe=1 b=2\n{"c": 3}\n\nmetric: b=4\nno metric\nmetric: d=5';
    const whole = reported(text);
    assert.deepEqual(whole, { größe: 1, b: 4, c: 3, d: 5 });
    const bytes = Buffer.from(text);
    for (let size = 1; size < bytes.length; size++) {
      const pieces = [];
      for (let at = 0; at < bytes.length; at += size)
        pieces.push({ bytes: bytes.subarray(at, at + size), stream: "stdout" } as const);
      assert.deepEqual(reported(...pieces), whole, `pieces of ${size}`);
    }
  });

  it("are separate for each stream: neither breaks a line of the other", () => {
    assert.deepEqual(reported("metric: lo", output("warning\nmetric: x=1\n", "stderr"), "ss=0.5\n"), {
      x: 1,
      loss: 0.5,
    });
  });

  it("wait for the end of their line, or of the output", () => {
    const values = new ReportedValues();
    assert.equal(values.add(output("metric: loss=0.1")), false);
    assert.equal(values.add(output("25")), false);
    assert.equal(values.end(), true);
    assert.deepEqual([...values.all], [["loss", 0.125]]);
    assert.equal(values.end(), false);
  });

  it("are limited in number and size, whatever the program writes", () => {
    const names = Array.from({ length: 100 }, (_, index) => `metric: name${index}=${index}\n`);
    assert.equal(Object.keys(reported(...names)).length, 32);
    assert.deepEqual(reported(`metric: ${"n".repeat(65)}=1 ok=2\n`), { ok: 2 });
    assert.deepEqual(reported(`metric: a=1 ${" ".repeat(5000)}\n`, "metric: b=2\n"), { b: 2 });
    const endless = Array.from({ length: 1000 }, () => "x".repeat(1000));
    assert.deepEqual(reported("metric: a=1", ...endless, "\nmetric: b=2\n"), { b: 2 });
  });

  it("are the last ones of a flood", () => {
    const flood = Array.from({ length: 100_000 }, (_, step) => `{"step": ${step}, "loss": ${1 / (step + 1)}}`);
    assert.deepEqual(reported(`metric: early=1\n${"text\n".repeat(9)}`, `${flood.join("\n")}\n`), {
      early: 1,
      step: 99_999,
      loss: 0.00001,
    });
  });

  it("are not found in lines that only start like one, however long", () => {
    // If the time grew faster than a line's length, this would take minutes.
    for (const filler of [" ", "1", '"a":1,', "{", "metric:", "\r"])
      for (const [begin, end] of [
        ['{"a": 1', "x"],
        ["metric: a=", "x"],
        ["", ""],
      ])
        assert.equal(
          reported(`${begin ?? ""}${filler.repeat(4000 / filler.length)}${end ?? ""}\nmetric: last=1\n`).last,
          1,
        );
  });
});
