import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { commandTarget } from "../../../src/run/target/commandTarget";
import { RunRecords, type RunRecord } from "../../../src/run/runRecords";
import { EnvVault } from "../../../src/sandboxes/ownership/envVault";
import { secretStore, silentLog } from "../support/fakes";

describe("the records of runs", () => {
  let folder: string;
  let vault: EnvVault;
  beforeEach(() => {
    vault = new EnvVault(secretStore(), silentLog);
    folder = mkdtempSync(join(tmpdir(), "records-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const record = (id: string, startedAt = 1): RunRecord => ({
    id,
    group: "g",
    gpu: undefined,
    sandboxId: "sb-1",
    folder: "/here",
    remotePath: "/workspace",
    target: { label: "a.py", program: "python3", argv: ["python3"], file: { kind: "synced", path: "a.py" } },
    isBackground: false,
    startedAt,
  });
  const end = { endedAt: 2, dollars: 0.1, exitCode: 0 };

  it("show another window the runs in a sandbox until they finish", async () => {
    const [one, other] = [new RunRecords(folder, vault), new RunRecords(folder, vault)];
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

  it("drop the oldest run with its output", async () => {
    const records = new RunRecords(folder, vault);
    await mkdir(dirname(records.logPath("0")), { recursive: true });
    await writeFile(records.logPath("0"), "output");
    for (let index = 0; index <= 320; index++) await records.end({ ...record(String(index), index), end });
    const past = await records.past();
    assert.equal(past.length, 300);
    assert.equal(past[0]?.id, "21");
    assert.equal(existsSync(records.logPath("0")), false);
  });

  it("contain no values of variables, which a repeated run gets from the vault", async () => {
    const [one, other] = [new RunRecords(folder, vault), new RunRecords(folder, vault)];
    const { target, ...rest } = record("a");
    const given = { ...target, env: { TOKEN: "secret", MODE: "fast" } };
    await one.begin({ ...rest, target: given });
    const [kept] = await other.underWay("sb-1");
    assert.ok(kept);
    assert.deepEqual(kept.target, target);
    await other.end({ ...kept, end });
    const [past] = await one.past();
    assert.ok(past);
    assert.doesNotMatch(JSON.stringify(past), /secret|fast/);
    assert.deepEqual(await one.targetOf(past), given);

    await one.forget([past]);
    await assert.rejects(
      one.targetOf(past),
      /^UserError: The values of TOKEN and MODE are no longer available. Run a.py again with its variables\.$/,
    );
    assert.deepEqual(await one.targetOf(record("b")), record("b").target);
  });

  it("show secret arguments masked, and the vault keeps them for a repeated run until the record is dropped", async () => {
    const [one, other] = [new RunRecords(folder, vault), new RunRecords(folder, vault)];
    const { target, ...rest } = record("a");
    const given = { ...target, args: ["--lr", "0.1", "--api-key", "pl4in", "--token=hidd3n"] };
    await one.begin({ ...rest, target: given });
    const [kept] = await other.underWay("sb-1");
    assert.ok(kept);
    assert.deepEqual(kept.target.args, ["--lr", "0.1", "--api-key", "••••", "--token=••••"]);
    assert.doesNotMatch(await readFile(join(folder, "runs/open/a.json"), "utf8"), /pl4in|hidd3n/);
    await other.end({ ...kept, end });
    const [past] = await one.past();
    assert.ok(past);
    assert.doesNotMatch(await readFile(join(folder, "runs/ended/a.json"), "utf8"), /pl4in|hidd3n/);
    assert.deepEqual(await one.targetOf(past), given);

    await one.forget([past]);
    await assert.rejects(
      one.targetOf(past),
      /^UserError: The secret arguments of a\.py are no longer available\. Run it again with its arguments\.$/,
    );
  });

  it("show the secrets of a command line masked, also in its name", async () => {
    const records = new RunRecords(folder, vault);
    const target = commandTarget("HF_TOKEN=pl4in python train.py --password hidd3n");
    await records.end({ ...record("c"), target, end });
    const text = await readFile(join(folder, "runs/ended/c.json"), "utf8");
    assert.doesNotMatch(text, /pl4in|hidd3n/);
    assert.match(text, /HF_TOKEN=•••• python train\.py --password ••••/);
  });

  it("leave out invalid records", async () => {
    await mkdir(join(folder, "runs/ended"), { recursive: true });
    await writeFile(join(folder, "runs/ended/x.json"), '{"id":"x","target":{"argv":[1]}}');
    await writeFile(join(folder, "runs/ended/y.json"), JSON.stringify({ ...record("y"), place: { kind: "spec" } }));
    assert.deepEqual(await new RunRecords(folder, vault).past(), []);
  });
});
