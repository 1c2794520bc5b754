import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { RunRecords, type RunRecord } from "../../../src/run/runRecords";

describe("the records of runs", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "records-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const record = (id: string, startedAt = 1): RunRecord => ({
    ...{ id, group: "g", gpu: undefined, sandboxId: "sb-1", folder: "/here", remotePath: "/workspace" },
    target: { label: "a.py", program: "python3", argv: ["python3"], file: { kind: "synced", path: "a.py" } },
    isBackground: false,
    startedAt,
  });
  const end = { endedAt: 2, dollars: 0.1, exitCode: 0 };

  it("tell another window what is under way in a sandbox, until it is over", async () => {
    const [one, other] = [new RunRecords(folder), new RunRecords(folder)];
    await one.begin(record("b", 2));
    await one.begin(record("a", 1));
    assert.deepEqual(
      (await other.underWay("sb-1")).map(({ id }) => id),
      ["a", "b"],
    );
    assert.deepEqual(await other.underWay("sb-2"), []);
    await one.end({ ...record("a", 1), end });
    assert.deepEqual(
      (await other.underWay("sb-1")).map(({ id }) => id),
      ["b"],
    );
    assert.deepEqual(await other.past(), [JSON.parse(JSON.stringify({ ...record("a", 1), end }))]);
  });

  it("forget the oldest with their output", async () => {
    const records = new RunRecords(folder);
    await mkdir(dirname(records.logPath("0")), { recursive: true });
    await writeFile(records.logPath("0"), "output");
    for (let index = 0; index <= 320; index++) await records.end({ ...record(String(index), index), end });
    const past = await records.past();
    assert.equal(past.length, 300);
    assert.equal(past[0]?.id, "21");
    assert.equal(existsSync(records.logPath("0")), false);
  });

  it("hold nothing of what variables hold", async () => {
    const records = new RunRecords(folder);
    const { target, ...rest } = record("a");
    await records.begin({ ...rest, target: { ...target, env: { TOKEN: "secret" } } });
    assert.deepEqual((await records.underWay("sb-1"))[0]?.target, target);
  });

  it("leave out what is no record", async () => {
    await mkdir(join(folder, "runs/ended"), { recursive: true });
    await writeFile(join(folder, "runs/ended/x.json"), '{"id":"x","target":{"argv":[1]}}');
    assert.deepEqual(await new RunRecords(folder).past(), []);
  });
});
