import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { RunLog } from "../../../../src/run/output/runLog";

describe("the log of a run", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "log-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const path = () => join(folder, "deep/run.log");
  const textOf = async (log: RunLog) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of log.read()) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  };

  it("keeps both streams in order, and splits no character of one with the other", async () => {
    const log = new RunLog(path());
    const euro = Buffer.from("€");
    await log.append({ stream: "stdout", bytes: Buffer.concat([Buffer.from("a"), euro.subarray(0, 2)]) });
    await log.append({ stream: "stderr", bytes: Buffer.from("!") });
    await log.append({ stream: "stdout", bytes: Buffer.concat([euro.subarray(2), Buffer.from("b")]) });
    assert.equal(await textOf(log), "a!€b");
    await log.end();
    assert.equal(await readFile(path(), "utf8"), "a!€b");
  });

  it("keeps invalid bytes, at the latest at the end", async () => {
    const log = new RunLog(path());
    await log.append({ stream: "stdout", bytes: Buffer.from([0xff, 0xe2]) });
    await log.end();
    assert.deepEqual(await readFile(path()), Buffer.from([0xff, 0xe2]));
  });

  it("shows an earlier run, and starts again if an earlier window left one", async () => {
    const old = join(folder, "old.log");
    await writeFile(old, "before");
    assert.equal(await textOf(new RunLog(old, true)), "before");
    const again = new RunLog(old);
    assert.equal(await textOf(again), "");
    await again.append({ stream: "stdout", bytes: Buffer.from("after") });
    assert.equal(await textOf(again), "after");
    await again.end();
  });

  it("says why it keeps nothing, and lets the output pass", async () => {
    await writeFile(join(folder, "deep"), "a file in the way");
    const log = new RunLog(path());
    await log.append({ stream: "stdout", bytes: Buffer.from("x") });
    await log.end();
    assert.match(String(log.failure), /EEXIST|ENOTDIR/);
    await log.append({ stream: "stdout", bytes: Buffer.from("y") });
  });
});
