import assert from "node:assert/strict";

import { describe, it } from "mocha";

import { Compression, type CompressionSetting } from "../../../../src/sync/archive/compression";

const MB = 1_000_000;
const plain = (wireBytes: number, elapsedMs: number) => ({ bytes: wireBytes, wireBytes, compressMs: 0, elapsedMs });

describe("whether a push is compressed", () => {
  it("is as the setting says, but for a little and for sandboxes without gzip", () => {
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

  it("begins with gzip, and leaves it once the line has shown that it is faster", () => {
    const compression = new Compression(() => "auto");
    assert.ok(compression.paysFor("sb", MB));
    compression.learn(plain(50 * MB, 1000));
    assert.ok(compression.paysFor("sb", MB));
    compression.learn(plain(200 * MB, 1000));
    assert.ok(!compression.paysFor("sb", MB));
    compression.learn(plain(50 * MB, 1000));
    assert.ok(compression.paysFor("sb", MB));
  });

  it("tries without where the compressor was all that a push waited for", () => {
    const compression = new Compression(() => "auto");
    compression.learn({ bytes: 90 * MB, wireBytes: 30 * MB, compressMs: 950, elapsedMs: 1000 });
    assert.ok(!compression.paysFor("sb", MB));
    compression.learn(plain(60 * MB, 1000));
    assert.ok(compression.paysFor("sb", MB));
  });

  it("learns the line, not the compressor, where a push waited for the line", () => {
    const compression = new Compression(() => "auto");
    compression.learn({ bytes: 40 * MB, wireBytes: 10 * MB, compressMs: 400, elapsedMs: 4000 });
    assert.ok(compression.paysFor("sb", MB));
  });

  it("learns nothing from a push that was over at once", () => {
    const compression = new Compression(() => "auto");
    compression.learn(plain(0.1 * MB, 0.1));
    assert.ok(compression.paysFor("sb", MB));
  });
});
