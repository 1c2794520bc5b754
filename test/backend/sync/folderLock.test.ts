import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { FolderLock, LockBusyError } from "../../../src/base/folderLock";

describe("the lock of a folder that processes share", function () {
  this.timeout(60_000);
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "lock-"));
    writeFileSync(join(folder, "count"), "0");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const start = (times: number, hold: "" | "hold" | "leavesNothing" = "") =>
    spawn(process.execPath, [join(__dirname, "../support/lockUser.js"), folder, String(times), hold], {
      stdio: ["ignore", "pipe", "inherit"],
    });
  const lockOf = (waitMs?: number) => new FolderLock(join(folder, "lock"), waitMs);

  it("lets one process in at a time from the first use, however many come together", async () => {
    const processes = Array.from({ length: 4 }, () => start(50));
    await Promise.all(processes.map((child) => once(child, "exit")));
    assert.equal(readFileSync(join(folder, "count"), "utf8"), "200");
  });

  it("lets one process in at a time even if its folder is removed after each use, and leaves nothing", async () => {
    const processes = Array.from({ length: 4 }, () => start(50, "leavesNothing"));
    await Promise.all(processes.map((child) => once(child, "exit")));
    assert.equal(readFileSync(join(folder, "count"), "utf8"), "200");
    assert.deepEqual(readdirSync(folder), ["count"]);
  });

  it("passes to one process when its holder is killed", async () => {
    const holder = start(0, "hold");
    await once(holder.stdout, "data");
    holder.kill("SIGKILL");
    await once(holder, "exit");
    const processes = Array.from({ length: 4 }, () => start(25));
    await Promise.all(processes.map((child) => once(child, "exit")));
    assert.equal(readFileSync(join(folder, "count"), "utf8"), "100");
  });

  it("is waited for no longer than the limit while its holder lives", async () => {
    const holder = start(0, "hold");
    await once(holder.stdout, "data");
    await assert.rejects(
      lockOf(200).run(() => Promise.resolve()),
      LockBusyError,
    );
    holder.kill("SIGKILL");
    await once(holder, "exit");
    assert.equal(await lockOf().run(() => Promise.resolve("in")), "in");
  });

  it("is free again after work that failed", async () => {
    const [one, two] = [lockOf(), lockOf()];
    await assert.rejects(
      one.run(() => Promise.reject(new Error("failed"))),
      /failed/,
    );
    assert.equal(await two.run(() => Promise.resolve("in")), "in");
  });
});
