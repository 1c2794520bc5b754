import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import type { ModalClient, Sandbox } from "modal";

import { createClient, startLocalBackend, type LocalBackend } from "../../backend/support/localBackend";
import { execIn } from "../../backend/support/sdkExec";
import type { CompressionSetting } from "../../../src/sync/archive/compression";
import { push, SyncWindow } from "../../unit/sync/support/pushing";
import { compared, measured, timed } from "../support/compared";
import type { ProbeOrder, ProbeResult } from "./syncProbe";
import type { Row } from "../support/table";

/** In memory, like `SyncWork.target`: otherwise the speed of the sandbox's disk would hide everything else. */
export const FAR_TARGET = "/dev/shm/bench";

const never = new AbortController().signal;

/** A sandbox of a separate backend, at the end of a link whose latency can be set. */
export interface Far {
  readonly backend: LocalBackend;
  readonly modal: ModalClient;
  readonly sandbox: Sandbox;
  readonly setLink: (link: { readonly roundTripMs: number; readonly bytesPerSecond: number } | undefined) => void;
}

export async function withSandbox<T>(work: (far: Far) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "bench-faults-"));
  const file = join(folder, "faults.json");
  const backend = await startLocalBackend({ arguments: ["--faults", file] });
  const modal = createClient(backend);
  try {
    const app = await modal.apps.fromName("bench", { createIfMissing: true });
    const sandbox = await modal.sandboxes.create(app, await modal.images.fromRegistry("python:3.12-slim").build(app));
    const setLink: Far["setLink"] = (link) => writeFileSync(file, JSON.stringify(link ? { link } : {}));
    return await work({ backend, modal, sandbox, setLink });
  } finally {
    modal.close();
    await backend.stop();
    rmSync(folder, { recursive: true });
  }
}

/** The reference is the bare SDK streaming an existing archive. */
export async function benchThrough({ sandbox }: Far, what: string, root: string, rounds: number): Promise<Row[]> {
  const archive = archiveOf(root);
  const ours: number[] = [];
  const prepared: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const path = `${FAR_TARGET}/${round}`;
    theirs.push(await timed(() => fill(sandbox, archive, `${path}/bare`)));
    ours.push(await timed(() => push({ root, remotePath: `${path}/ours`, exec: execIn(sandbox), signal: never })));
    const window = new SyncWindow();
    await window.prepare(root);
    const remotePath = `${path}/prepared`;
    prepared.push(await timed(() => window.push({ root, remotePath, exec: execIn(sandbox), signal: never })));
    window.dispose();
    await (await sandbox.exec(["rm", "-rf", path])).wait();
  }
  const name = `first push through the backend, ${what}`;
  return [
    compared(name, { ours, theirs }, "the same tar, bare SDK", 1.25),
    compared(`${name}, prepared`, { ours: prepared, theirs }, "the same tar, bare SDK", 1.25),
  ];
}

/** Pushes over a link of 100 Mbit/s, compared with the time that the archive's bytes take on it. */
export async function benchFar({ sandbox, setLink }: Far, what: string, root: string): Promise<Row> {
  const bytesPerSecond = 12_500_000;
  setLink({ roundTripMs: 40, bytesPerSecond });
  const remotePath = `${FAR_TARGET}/far`;
  const ours = await timed(() => push({ root, remotePath, exec: execIn(sandbox), signal: never }));
  setLink(undefined);
  await (await sandbox.exec(["rm", "-rf", remotePath])).wait();
  const least = (archiveOf(root).length / bytesPerSecond) * 1000;
  return compared(`${what} at 40 ms and 100 Mbit/s`, { ours: [ours], theirs: [least] }, "on the line", 1.25);
}

/** Pushes over a slow line with `auto` compression, compared with the same push without compression. */
export async function benchSlow({ sandbox, setLink }: Far, what: string, root: string): Promise<Row> {
  const remotePath = `${FAR_TARGET}/slow`;
  const pushed = async (setting: CompressionSetting) => {
    const window = new SyncWindow(undefined, { compression: () => setting });
    const elapsed = await timed(() => window.push({ root, remotePath, exec: execIn(sandbox), signal: never }));
    window.dispose();
    await (await sandbox.exec(["rm", "-rf", remotePath])).wait();
    return elapsed;
  };
  setLink({ roundTripMs: 40, bytesPerSecond: 2_500_000 });
  const theirs = await pushed("off");
  const ours = await pushed("auto");
  setLink(undefined);
  return compared(`${what} at 40 ms and 20 Mbit/s`, { ours: [ours], theirs: [theirs] }, "uncompressed", 0.5);
}

/** Measures the cost for the extension host in a separate process. */
export async function benchHost(
  far: Far,
  what: string,
  order: Omit<ProbeOrder, "backend" | "sandboxId">,
): Promise<Row[]> {
  const { serverUrl, tokenId, tokenSecret } = far.backend;
  const backend = { serverUrl, tokenId, tokenSecret };
  const json = JSON.stringify({ backend, sandboxId: far.sandbox.sandboxId, ...order } satisfies ProbeOrder);
  const program = [resolve("out/test/bench/sync/syncProbe.js"), json];
  const { stdout } = await promisify(execFile)(process.execPath, program);
  const { growthMb, blockMs } = JSON.parse(stdout) as ProbeResult;
  return [
    measured(`memory over the idle host, ${what}`, growthMb, "MB", what.includes("100,000") ? 192 : 96),
    measured(`longest block of its event loop, ${what}`, blockMs, "ms", 25),
  ];
}

const archiveOf = (root: string): Buffer =>
  spawnSync("tar", ["-C", root, "--exclude=./node_modules", "--exclude=./generated", "-cf", "-", "."], {
    maxBuffer: 2 ** 31,
  }).stdout;

export async function fill(sandbox: Sandbox, archive: Buffer, path: string): Promise<void> {
  const process = await sandbox.exec(["sh", "-c", FILL, "sh", path], { mode: "binary" });
  const input = process.stdin.getWriter();
  const size = 1024 * 1024;
  for (let sent = 0; sent < archive.length; sent += size) await input.write(archive.subarray(sent, sent + size));
  await input.close();
  if ((await process.wait()) !== 0) throw new Error("tar failed in the sandbox.");
}

const FILL = 'mkdir -p "$1" && exec tar -C "$1" -xf -';
