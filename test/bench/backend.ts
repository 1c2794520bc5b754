import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Sandbox } from "modal";
import { startFixture, type Fixture } from "../backend/support/fixture";
import { benchStreams } from "./support/streams";
import { median, ms, percentile, type Row } from "./support/table";

const CREATES = 30;
const EXECS = 100;
const CROWD = 200;
const SNAPSHOTS = 3;

/** The local backend through the bare SDK, client and server on the same machine. */
export async function benchBackend(): Promise<readonly Row[]> {
  const fixture = await startFixture();
  const work = await mkdtemp(join(tmpdir(), "bench-backend-"));
  try {
    const creates = await repeat(CREATES, () => fixture.create());
    const sandbox = await fixture.create({ timeoutMs: 3_600_000 });
    return [
      row("create, p50", ms(median(creates)), "≤ 60 ms"),
      row("create, p95", ms(percentile(creates, 0.95))),
      ...(await benchExec(sandbox)),
      ...(await benchStreams(sandbox, work)),
      row(`${CROWD} sandboxes at the same time, an exec in each`, ms(await crowd(fixture))),
      ...(await benchSnapshots(fixture)),
    ];
  } finally {
    fixture.modal.close();
    await fixture.backend.stop();
    await rm(work, { recursive: true, force: true });
  }
}

async function benchExec(sandbox: Sandbox): Promise<Row[]> {
  const run = async () => (await sandbox.exec(["true"])).wait();
  await repeat(10, run);
  const times = await repeat(EXECS, run);
  return [
    row("exec true, p50", `${median(times).toFixed(1)} ms`, "≤ 15 ms"),
    row("exec true, p95", `${percentile(times, 0.95).toFixed(1)} ms`),
  ];
}

async function crowd(fixture: Fixture): Promise<number> {
  const startedAt = performance.now();
  const sandboxes = await Promise.all(Array.from({ length: CROWD }, () => fixture.create()));
  await Promise.all(sandboxes.map(async (sandbox) => (await sandbox.exec(["true"])).wait()));
  const elapsed = performance.now() - startedAt;
  await Promise.all(sandboxes.map((sandbox) => sandbox.terminate({ wait: true })));
  return elapsed;
}

/** At rest the files are moved; while a program runs they are copied. */
async function benchSnapshots(fixture: Fixture): Promise<Row[]> {
  const atRest: number[] = [];
  const running: number[] = [];
  for (let round = 0; round < SNAPSHOTS; round += 1) {
    const sandbox = await fixture.create();
    atRest.push(await snapshotOfGigabyte(sandbox));
    await sandbox.exec(["sleep", "3600"]);
    running.push(await snapshotOfGigabyte(sandbox));
    await sandbox.terminate({ wait: true });
  }
  return [
    row("snapshot of 1 GB", ms(median(atRest)), "< 1000 ms"),
    row("  while a program runs", ms(median(running)), "< 1000 ms"),
  ];
}

async function snapshotOfGigabyte(sandbox: Sandbox): Promise<number> {
  const write = await sandbox.exec(["sh", "-c", "rm -f /root/big; head -c 1000000000 /dev/zero > /root/big"]);
  await write.wait();
  const startedAt = performance.now();
  await sandbox.snapshotFilesystem();
  return performance.now() - startedAt;
}

async function repeat(times: number, work: () => Promise<unknown>): Promise<number[]> {
  const elapsed: number[] = [];
  for (let i = 0; i < times; i += 1) {
    const startedAt = performance.now();
    await work();
    elapsed.push(performance.now() - startedAt);
  }
  return elapsed;
}

const row = (what: string, result: string, target = ""): Row => ({ what, result, against: "", ratio: "", target });
