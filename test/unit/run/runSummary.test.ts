import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { launchers } from "../../../src/run/target/launchers";
import { Run } from "../../../src/run/run";
import { RunLog } from "../../../src/run/output/runLog";
import { keepSummary } from "../../../src/run/runSummary";
import { targetOf } from "../../../src/run/target/target";
import { silentLog } from "../support/fakes";

describe("the summary of a run", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "summary-"));
    mkdirSync(join(folder, "out"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  async function keep(id = "run-1", exitCode = 0): Promise<void> {
    const target = targetOf("a.py", launchers.python, { kind: "synced", path: "a.py" });
    const log = new RunLog(join(folder, "log"), true);
    const run = new Run({ id, target, gpu: undefined, group: "g", log, isBackground: true });
    run.outputs = { folder, path: "out", pushedAt: 0 };
    const record = {
      id,
      group: "g",
      target,
      gpu: undefined,
      sandboxId: "sb",
      folder,
      remotePath: "/workspace",
      isBackground: true,
      startedAt: 0,
    };
    await keepSummary(run, record, { endedAt: 1, dollars: 0.0013431729999999998, exitCode }, silentLog);
  }
  const text = (name: string) => readFileSync(join(folder, "out", name), "utf8");

  it("replaces the one from an earlier attempt", async () => {
    await keep();
    await keep("run-1", 7);
    assert.match(text("run.json"), /"exitCode": 7/);
    assert.ok(!existsSync(join(folder, "out/modal-run.json")));
  });

  it("rounds the cost to millionths of a dollar", async () => {
    await keep();
    assert.match(text("run.json"), /"dollars": 0\.001343,/);
  });

  it("overwrites no output of either name, and follows no link", async () => {
    writeFileSync(join(folder, "out/run.json"), "an output");
    writeFileSync(join(folder, "mine"), "mine");
    symlinkSync("../mine", join(folder, "out/modal-run.json"));
    await keep();
    assert.equal(text("run.json"), "an output");
    assert.equal(readFileSync(join(folder, "mine"), "utf8"), "mine");

    rmSync(join(folder, "out/modal-run.json"));
    writeFileSync(join(folder, "out/modal-run.json"), "an output too");
    await keep();
    assert.equal(text("modal-run.json"), "an output too");
  });

  it("gets the second name if the run made a file with the first", async () => {
    writeFileSync(join(folder, "out/run.json"), "an output");
    await keep();
    await keep("run-1", 7);
    assert.equal(text("run.json"), "an output");
    assert.match(text("modal-run.json"), /"exitCode": 7/);
  });
});
