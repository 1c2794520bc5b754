import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { changeSharedFile } from "../../../src/base/sharedFile";

describe("a file that several windows change", function () {
  this.timeout(60_000);
  let folder: string;
  let path: string;
  let slow: ChildProcess | undefined;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "shared-"));
    path = join(folder, "shared.toml");
    writeFileSync(path, "before");
  });
  afterEach(() => {
    slow?.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });

  it("is changed by one window at a time, and by the next window once the first is killed", async () => {
    const child = spawn(process.execPath, [join(__dirname, "../support/slowSave.js"), path], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    slow = child;
    await once(child.stdout, "data");
    for (const name of readdirSync(folder)) utimesSync(join(folder, name), 1, 1);
    const change = (waitMs?: number) => changeSharedFile(path, (text) => `${text}, after`, waitMs);
    await assert.rejects(change(200), { name: "UserError", message: /^Another window is saving .*shared\.toml/ });
    assert.equal(readFileSync(path, "utf8"), "before");

    child.kill("SIGKILL");
    await once(child, "exit");
    await change();
    assert.equal(readFileSync(path, "utf8"), "before, after");
    assert.deepEqual(readdirSync(folder), ["shared.toml"]);
  });
});
