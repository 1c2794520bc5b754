import assert from "node:assert/strict";
import { describe, it } from "mocha";
import {
  formatBytes,
  formatDollars,
  formatDuration,
  formatEstimate,
  formatUptime,
  plural,
} from "../../../src/base/format";
import { quote } from "../../../src/base/quote";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

describe("text for people", () => {
  it("shows durations", () => {
    const cases: [number, string][] = [
      [0, "0.0s"],
      [840, "0.8s"],
      [12.4 * SECOND, "12s"],
      [59.6 * SECOND, "1m"],
      [3 * MINUTE + 20 * SECOND, "3m 20s"],
      [2 * HOUR + 5 * MINUTE, "2h 5m"],
      [28 * HOUR, "1d 4h"],
    ];
    for (const [ms, text] of cases) assert.equal(formatDuration(ms), text);
    assert.equal(formatUptime(30 * SECOND), "under 1m");
    assert.equal(formatUptime(12 * MINUTE + 50 * SECOND), "12m");
  });

  it("shows bytes", () => {
    const cases: [number, string][] = [
      [0, "0 B"],
      [999, "999 B"],
      [1000, "1.0 KB"],
      [3_140_000, "3.1 MB"],
      [77_000_000, "77 MB"],
      [999_999_999, "1.0 GB"],
    ];
    for (const [bytes, text] of cases) assert.equal(formatBytes(bytes), text);
  });

  it("shows dollars, and never zero for a small amount", () => {
    assert.equal(formatDollars(0), "$0.00");
    assert.equal(formatDollars(0.00001), "<$0.0001");
    assert.equal(formatDollars(0.0042), "$0.0042");
    assert.equal(formatDollars(4.538), "$4.54");
    assert.equal(formatEstimate(0.42), "about $0.42");
    assert.equal(formatEstimate(0.00001), "under $0.0001");
  });

  it("shows numbers of things", () => {
    assert.equal(plural(1, "file"), "1 file");
    assert.equal(plural(12_345, "file"), "12,345 files");
    assert.equal(plural(2, "sandbox", "sandboxes"), "2 sandboxes");
  });
});

describe("quoting for a shell", () => {
  it("leaves plain words as they are and wraps the rest in quotes", () => {
    assert.equal(quote("train.py"), "train.py");
    assert.equal(quote("it's $HOME"), `'it'\\''s $HOME'`);
    assert.equal(quote(""), "''");
  });
});
