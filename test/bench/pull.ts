import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Sandbox } from "modal";

import { pull, type PullProcess } from "../../src/sync/pull";
import { createClient, startLocalBackend } from "../backend/support/localBackend";
import { makeProject } from "./syncTrees";
import { median, ms, type Row } from "./table";

const ROUNDS = 5;
const MB = 1_000_000;
const RESOLUTION_MS = 5;

/** Everything changed in the sandbox: beside the same files through the bare SDK into GNU tar, in the same round. */
export async function benchPull(): Promise<readonly Row[]> {
  // On disk, creating files just after others were removed is ten times slower for half a minute.
  const work = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "bench-pull-"));
  const backend = await startLocalBackend();
  const modal = createClient(backend);
  try {
    const app = await modal.apps.fromName("bench", { createIfMissing: true });
    const sandbox = await modal.sandboxes.create(app, await modal.images.fromRegistry("python:3.12-slim").build(app));
    await fill(sandbox, join(work, "project"));

    const bare: number[] = [];
    const ours: number[] = [];
    const again: number[] = [];
    let stallMs = 0;
    let growth = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const [theirs, mine] = [join(work, `bare${round}`), join(work, `ours${round}`)];
      mkdirSync(theirs);
      mkdirSync(mine);
      bare.push(await timed(() => intoTar(sandbox, theirs)));
      const idle = process.memoryUsage.rss();
      const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
      delay.enable();
      const sample = setInterval(() => (growth = Math.max(growth, process.memoryUsage.rss() - idle)), 10);
      ours.push(await timed(() => pullInto(sandbox, mine, work)));
      clearInterval(sample);
      delay.disable();
      stallMs = Math.max(stallMs, delay.max / 1e6 - RESOLUTION_MS);
      again.push(await timed(() => pullInto(sandbox, mine, work)));
      if (countFiles(mine) !== countFiles(theirs)) throw new Error("Not all files came.");
    }
    const ratio = (values: readonly number[]) =>
      median(values.map((value, round) => value / (bare[round] ?? Number.NaN))).toFixed(2);
    const against = `bare SDK into tar -x ${ms(median(bare))}`;
    return [
      { what: "pull of 10,000 changed files", result: ms(median(ours)), against, ratio: ratio(ours), target: "≤ 1.5" },
      { what: "the same again", result: ms(median(again)), against, ratio: ratio(again), target: "" },
      { what: "longest block of the event loop", result: ms(stallMs), against: "", ratio: "", target: "≤ 25 ms" },
      {
        what: "memory growth meanwhile",
        result: `${(growth / MB).toFixed(0)} MB`,
        against: "",
        ratio: "",
        target: "≤ 96 MB",
      },
    ];
  } finally {
    modal.close();
    await backend.stop();
    rmSync(work, { recursive: true, force: true });
  }
}

const SOURCE = "/made";

async function fill(sandbox: Sandbox, project: string): Promise<void> {
  makeProject(project);
  const archive = spawnSync("tar", ["-C", project, "-cf", "-", "."], { maxBuffer: 1e9 }).stdout;
  const filling = await sandbox.exec(["sh", "-c", `mkdir ${SOURCE} && tar -C ${SOURCE} -xf -`], { mode: "binary" });
  const input = filling.stdin.getWriter();
  for (let sent = 0; sent < archive.length; sent += MB) await input.write(archive.subarray(sent, sent + MB));
  await input.close();
  if ((await filling.wait()) !== 0) throw new Error("The sandbox could not be filled.");
}

async function intoTar(sandbox: Sandbox, target: string): Promise<void> {
  const sending = await sandbox.exec(["tar", "-C", SOURCE, "-cf", "-", "."], { mode: "binary" });
  const tar = spawn("tar", ["-C", target, "-xf", "-"], { stdio: ["pipe", "ignore", "inherit"] });
  const ended = once(tar, "exit");
  for await (const chunk of sending.stdout) if (!tar.stdin.write(chunk)) await once(tar.stdin, "drain");
  tar.stdin.end();
  await Promise.all([ended, sending.wait()]);
}

async function pullInto(sandbox: Sandbox, root: string, work: string): Promise<void> {
  const exec = async (argv: string[]): Promise<PullProcess> => {
    const started = await sandbox.exec(argv, { mode: "binary" });
    const input = started.stdin.getWriter();
    return {
      stdout: started.stdout,
      stderr: started.stderr,
      exitCode: started.wait(),
      write: (bytes) => input.write(bytes),
      closeInput: () => input.close(),
    };
  };
  const key = { sandboxId: sandbox.sandboxId, remotePath: SOURCE, root };
  const since = { key, folder: join(work, "baselines"), patterns: ["**"] };
  const workerFile = resolve("dist/pullWorker.js");
  await pull({ root, remotePath: SOURCE, since, exec, workerFile, signal: new AbortController().signal });
}

const countFiles = (folder: string): number => readdirSync(folder, { recursive: true }).length;

async function timed(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}
