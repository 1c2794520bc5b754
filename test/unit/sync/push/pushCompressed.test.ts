import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { afterEach, describe, it } from "mocha";

import { skip } from "../../../support/skip";
import type { Exec } from "../../../../src/sync/remote/remoteProcess";
import { build, file, listTree, temporaryFolders } from "../support/folders";
import { asBusyboxKeeps, busyboxPath, localExec } from "../support/localExec";
import { nasty } from "../support/nasty";
import { SyncWindow } from "../support/pushing";

const signal = new AbortController().signal;

describe("a compressed push", function () {
  this.timeout(30_000);
  const folder = temporaryFolders();
  const windows: SyncWindow[] = [];
  const open = () => {
    const window = new SyncWindow(undefined, { compression: () => "on" });
    windows.push(window);
    return window;
  };
  afterEach(() => {
    for (const window of windows.splice(0)) window.dispose();
  });
  const text = file("a line of source code\n".repeat(100_000));

  /** Counts what goes over the line, and how often a process is started. */
  function counting(exec: Exec, spoil: (bytes: Uint8Array) => Uint8Array = (bytes) => bytes) {
    const seen = { bytes: 0, execs: 0 };
    const counted: Exec = async (argv) => {
      seen.execs += 1;
      const process = await exec(argv);
      return {
        ...process,
        write: (bytes) => {
          seen.bytes += bytes.length;
          return process.write(spoil(bytes));
        },
      };
    };
    return { seen, exec: counted };
  }

  /** A PATH with all tools of this machine but for gzip. */
  function withoutGzip(instead?: string): string {
    const bin = folder();
    for (const path of ["/usr/local/bin", "/usr/bin", "/bin"])
      spawnSync("sh", ["-c", 'ln -s "$1"/* "$2" 2>/dev/null; rm -f "$2/gzip" "$2/gunzip"', "sh", path, bin]);
    if (instead !== undefined) writeFileSync(join(bin, "gzip"), instead, { mode: 0o755 });
    return bin;
  }

  const bin = busyboxPath(folder());
  for (const [name, env] of [
    ["GNU tools", undefined],
    ["busybox alone", bin],
  ] as const)
    it(`arrives unchanged with ${name}, first and again, in fewer bytes`, async function () {
      if (name !== "GNU tools" && env === undefined) skip(this, "needs busybox");
      const root = build(folder(), { ...nasty, text });
      const remotePath = folder();
      const arrives = () => (name === "busybox alone" ? asBusyboxKeeps(listTree(root)) : listTree(root));
      const window = open();
      const { exec, seen } = counting(localExec(env === undefined ? {} : { env: { PATH: env } }));
      await window.push({ root, remotePath, exec, signal });
      assert.deepEqual(listTree(remotePath), arrives());
      assert.ok(seen.bytes < 300_000, String(seen.bytes));

      writeFileSync(join(root, "text"), "another line of it\n".repeat(100_000));
      await window.push({ root, remotePath, exec, signal });
      assert.deepEqual(listTree(remotePath), arrives());
      assert.equal(seen.execs, 2);
    });

  for (const [what, gzip] of [
    ["no gzip", undefined],
    ["a gzip that does not work", "#!/bin/sh\nexit 1\n"],
  ] as const)
    it(`arrives uncompressed in a sandbox with ${what}, which is asked once`, async () => {
      const root = build(folder(), { ...nasty, text });
      const remotePath = folder();
      const window = open();
      const { exec, seen } = counting(localExec({ env: { PATH: withoutGzip(gzip) } }));
      await window.push({ root, remotePath, exec, signal });
      assert.deepEqual(listTree(remotePath), listTree(root));
      assert.equal(seen.execs, 2);

      writeFileSync(join(root, "text"), "another line of it\n".repeat(100_000));
      await window.push({ root, remotePath, exec, signal });
      assert.deepEqual(listTree(remotePath), listTree(root));
      assert.equal(seen.execs, 3);
    });

  it("reaches two sandboxes of which one has no gzip", async () => {
    const root = build(folder(), { ...nasty, text });
    const window = open();
    const targets = [localExec(), localExec({ env: { PATH: withoutGzip() } })].map((exec, n) => ({
      root,
      exec,
      signal,
      sandboxId: `sb${n}`,
      remotePath: folder(),
    }));
    await Promise.all(targets.map((target) => window.push(target)));
    for (const { remotePath } of targets) assert.deepEqual(listTree(remotePath), listTree(root));
  });

  it("sends incompressible data as it is", async () => {
    const root = build(folder(), { noise: file(randomBytes(5_000_000)), text });
    const remotePath = folder();
    const { exec, seen } = counting(localExec());
    await open().push({ root, remotePath, exec, signal });
    assert.deepEqual(listTree(remotePath), listTree(root));
    assert.ok(seen.bytes > 5_000_000 && seen.bytes < 5_600_000, String(seen.bytes));
  });

  it("changes nothing if a byte of the stream is altered on the way", async () => {
    const root = build(folder(), { noise: file(randomBytes(300_000)), text });
    for (const share of [0, 0.01, 0.5, 0.9, 0.999]) {
      const remotePath = folder();
      const { exec } = counting(localExec(), (bytes) => {
        const spoilt = Uint8Array.from(bytes);
        const at = Math.floor(spoilt.length * share);
        spoilt[at] = (spoilt[at] ?? 0) ^ 0xff;
        return spoilt;
      });
      await assert.rejects(open().push({ root, remotePath, exec, signal }), { name: "UserError" });
      assert.deepEqual(readdirSync(remotePath), [], String(share));
    }
  });

  it("is not compressed if it is small", async () => {
    const root = build(folder(), { small: file("small") });
    const remotePath = folder();
    const { exec, seen } = counting(localExec({ env: { PATH: withoutGzip() } }));
    await open().push({ root, remotePath, exec, signal });
    assert.deepEqual(listTree(remotePath), listTree(root));
    assert.equal(seen.execs, 1);
  });
});
