import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";

import type { Exec } from "../../src/sync/remoteProcess";
import { createClient, startLocalBackend } from "../backend/support/localBackend";
import { execIn } from "../backend/support/sdkExec";
import { localExec } from "../unit/sync/support/localExec";
import { push } from "../unit/sync/support/pushing";
import { benchSyncAgain } from "./syncAgain";
import { makeBigFiles, makeProject } from "./syncTrees";
import { median, ms, type Row } from "./table";

const ROUNDS = 5;
const BACKEND_ROUNDS = 3;
const MB = 1_000_000;
const RESOLUTION_MS = 5;
const never = new AbortController().signal;

/** Pushes of whole folders, into a local shell and through the backend, each beside its anchor in the same round. */
export async function benchSync(): Promise<readonly Row[]> {
  // On disk, creating files just after others were removed is ten times slower for half a minute.
  const work = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "bench-sync-"));
  const folderIn = (name: string) => {
    const path = join(work, name);
    mkdirSync(path);
    return path;
  };
  try {
    const project = folderIn("project");
    const big = folderIn("big");
    makeProject(project);
    makeBigFiles(big);
    const folders = { "10,000 files": project, "2 × 200 MB": big };
    const rows: Row[] = [];
    for (const [what, root] of Object.entries(folders)) rows.push(...(await intoShell(what, root, work)));
    return [...rows, ...(await benchSyncAgain()), ...(await throughBackend(folders))];
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** The anchors are what one would type in a shell; each round fills an empty folder. */
async function intoShell(what: string, root: string, work: string): Promise<Row[]> {
  const target = join(work, "target");
  const intoEmpty = (fill: () => Promise<void>) => {
    rmSync(target, { recursive: true, force: true });
    mkdirSync(target);
    return timed(fill);
  };
  const shell = (script: string) => () => {
    const { status } = spawnSync("sh", ["-c", script, "sh", root, target]);
    return status === 0 ? Promise.resolve() : Promise.reject(new Error(`${script} ended with ${String(status)}.`));
  };
  const watch = new Watch();
  const pushed = () => watch.over(() => pushTo(target, root, localExec(), watch.sample));

  const hasRsync = spawnSync("rsync", ["--version"]).status === 0;
  const tar: number[] = [];
  const rsync: number[] = [];
  const first: number[] = [];
  const again: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    tar.push(await intoEmpty(shell('tar -C "$1" -cf - . | tar -C "$2" -xf -')));
    if (hasRsync) rsync.push(await intoEmpty(shell('rsync -a "$1/" "$2/"')));
    first.push(await intoEmpty(pushed));
    again.push(await timed(pushed));
  }
  return [
    row(`first push, ${what}`, first, "tar | tar", tar, "≤ 2.0"),
    ...(hasRsync ? [row(`first push, ${what}`, first, "rsync -a", rsync, "≤ 0.8")] : []),
    row(`the same again, ${what}`, again, "tar | tar", tar, ""),
    ...watch.rows(),
  ];
}

/** The anchor is the bare SDK streaming an archive that is already there. */
async function throughBackend(folders: Readonly<Record<string, string>>): Promise<Row[]> {
  const backend = await startLocalBackend();
  const modal = createClient(backend);
  try {
    const app = await modal.apps.fromName("bench", { createIfMissing: true });
    const sandbox = await modal.sandboxes.create(app, await modal.images.fromRegistry("python:3.12-slim").build(app));
    const rows: Row[] = [];
    for (const [what, root] of Object.entries(folders)) {
      const archive = spawnSync("tar", ["-C", root, "-cf", "-", "."], { maxBuffer: 1e9 }).stdout;
      const ours: number[] = [];
      const bare: number[] = [];
      for (let round = 0; round < BACKEND_ROUNDS; round += 1) {
        const path = `/bench/${what}/${round}`;
        bare.push(await timed(() => stream(archive, `${path}/bare`, execIn(sandbox))));
        ours.push(await timed(() => pushTo(`${path}/ours`, root, execIn(sandbox))));
      }
      rows.push(row(`first push through the backend, ${what}`, ours, "the same tar, bare SDK", bare, "≤ 1.25"));
    }
    return rows;
  } finally {
    modal.close();
    await backend.stop();
  }
}

async function stream(archive: Buffer, path: string, exec: Exec): Promise<void> {
  const process = await exec(["sh", "-c", 'mkdir -p "$1" && exec tar -C "$1" -xf -', "sh", path]);
  const size = 1024 * 1024;
  for (let sent = 0; sent < archive.length; sent += size) await process.write(archive.subarray(sent, sent + size));
  await process.closeInput();
  if ((await process.exitCode) !== 0) throw new Error("tar failed in the sandbox.");
}

async function pushTo(remotePath: string, root: string, exec: Exec, onProgress?: () => void): Promise<void> {
  await push({ root, remotePath, exec, signal: never, ...(onProgress && { onProgress }) });
}

/** How this process fares while it pushes. */
class Watch {
  readonly #idleRss = process.memoryUsage.rss();
  #peakRss = 0;
  #stallMs = 0;

  readonly sample = () => {
    this.#peakRss = Math.max(this.#peakRss, process.memoryUsage.rss());
  };

  async over(work: () => Promise<void>): Promise<void> {
    const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    delay.enable();
    await work();
    delay.disable();
    this.#stallMs = Math.max(this.#stallMs, delay.max / 1e6 - RESOLUTION_MS);
  }

  rows(): Row[] {
    const growth = `${((this.#peakRss - this.#idleRss) / MB).toFixed(0)} MB`;
    return [
      { what: "longest block of the event loop", result: ms(this.#stallMs), against: "", ratio: "", target: "≤ 25 ms" },
      { what: "memory growth meanwhile", result: growth, against: "", ratio: "", target: "≤ 96 MB" },
    ];
  }
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

function row(what: string, ours: readonly number[], anchor: string, theirs: readonly number[], target: string): Row {
  const ratio = median(ours.map((value, round) => value / (theirs[round] ?? Number.NaN)));
  return {
    what,
    result: ms(median(ours)),
    against: `${anchor} ${ms(median(theirs))}`,
    ratio: ratio.toFixed(2),
    target,
  };
}
