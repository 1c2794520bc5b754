import assert from "node:assert/strict";

import { describe, it } from "mocha";

import { Compression, type CompressionSetting } from "../../../../src/sync/archive/compression";

const MB = 1_000_000;
const plain = (wireBytes: number, elapsedMs: number) => ({ bytes: wireBytes, wireBytes, compressMs: 0, elapsedMs });

describe("the compression of a push", () => {
  it("follows the setting, but is off for small pushes and for sandboxes without gzip", () => {
    let setting: CompressionSetting = "on";
    const compression = new Compression(() => setting);
    compression.learn(plain(1000 * MB, 1000));
    assert.ok(compression.paysFor("sb", MB));
    assert.ok(!compression.paysFor("sb", 1000));
    compression.lacksGzip("sb");
    assert.ok(!compression.paysFor("sb", MB));
    setting = "off";
    assert.ok(!compression.paysFor("other", MB));
  });

  it("starts with gzip, and stops once the line proves faster", () => {
    const compression = new Compression(() => "auto");
    assert.ok(compression.paysFor("sb", MB));
    compression.learn(plain(50 * MB, 1000));
    assert.ok(compression.paysFor("sb", MB));
    compression.learn(plain(200 * MB, 1000));
    assert.ok(!compression.paysFor("sb", MB));
    compression.learn(plain(50 * MB, 1000));
    assert.ok(compression.paysFor("sb", MB));
  });

  it("is left out as a trial if a push waited only for the compressor", () => {
    const compression = new Compression(() => "auto");
    compression.learn({ bytes: 90 * MB, wireBytes: 30 * MB, compressMs: 950, elapsedMs: 1000 });
    assert.ok(!compression.paysFor("sb", MB));
    compression.learn(plain(60 * MB, 1000));
    assert.ok(compression.paysFor("sb", MB));
  });

  it("learns the line's speed, not the compressor's, if a push waited for the line", () => {
    const compression = new Compression(() => "auto");
    compression.learn({ bytes: 40 * MB, wireBytes: 10 * MB, compressMs: 400, elapsedMs: 4000 });
    assert.ok(compression.paysFor("sb", MB));
  });

  it("learns nothing from a push that finished immediately", () => {
    const compression = new Compression(() => "auto");
    compression.learn(plain(0.1 * MB, 0.1));
    assert.ok(compression.paysFor("sb", MB));
  });
});
