import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Sandbox } from "modal";
import { startFixture, type Fixture } from "../backend/support/fixture";
import { median, ms, percentile, type Row } from "./table";

const MB = 1_000_000;
const CREATES = 30;
const EXECS = 100;
const ROUNDS = 5;
const FILES = 200;
const STREAM_BYTES = FILES * MB;
const WRITE_BYTES = MB;
const CROWD = 200;

/** The local backend through the bare SDK, client and server on the same machine. */
export async function benchBackend(): Promise<readonly Row[]> {
  const fixture = await startFixture();
  const work = await mkdtemp(join(tmpdir(), "bench-backend-"));
  try {
    const creates = await repeat(CREATES, () => fixture.create());
    const sandbox = await fixture.create({ timeoutMs: 3_600_000 });
    return [
      row("create, p50", ms(median(creates)), "≤ 60 ms"),
      ...(await benchExec(sandbox)),
      ...(await benchStreams(sandbox, work)),
      row(`${CROWD} sandboxes at once, an exec in each`, ms(await crowd(fixture))),
      row("snapshot of 1 GB", await snapshot(sandbox), "< 1000 ms"),
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

/** Each stream beside its bare pipe in the same round. */
async function benchStreams(sandbox: Sandbox, work: string): Promise<Row[]> {
  const makeFiles = `mkdir files; for i in $(seq ${FILES}); do head -c ${MB} /dev/urandom > files/$i; done`;
  await shell(`${makeFiles}; tar -cf archive.tar files`, work);
  const archive = await readFile(join(work, "archive.tar"));
  const zeros = Buffer.alloc(STREAM_BYTES);

  const pipe: number[] = [];
  const stdin: number[] = [];
  const stdout: number[] = [];
  const bareTar: number[] = [];
  const tar: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    pipe.push(await speedOf(() => shell(`head -c ${STREAM_BYTES} /dev/zero | cat | cat > /dev/null`, work)));
    stdin.push(await speedOf(() => send(sandbox, "cat > /dev/null", zeros)));
    stdout.push(await speedOf(() => receive(sandbox, `head -c ${STREAM_BYTES} /dev/zero`)));
    const unpack = `rm -rf unpacked && mkdir unpacked && tar -C unpacked -xf -`;
    bareTar.push(await speedOf(() => shell(`cat archive.tar | { ${unpack}; }`, work)));
    tar.push(await speedOf(() => send(sandbox, unpack, archive)));
  }
  return [
    against("stdin", stdin, "cat | cat", pipe),
    against("stdout", stdout, "cat | cat", pipe),
    against("stdin into tar -x", tar, "cat | tar -x", bareTar, "≥ 0.5"),
  ];
}

async function send(sandbox: Sandbox, script: string, data: Buffer): Promise<void> {
  const exec = await sandbox.exec(["sh", "-c", script], { mode: "binary" });
  const input = exec.stdin.getWriter();
  for (let sent = 0; sent < data.length; sent += WRITE_BYTES)
    await input.write(data.subarray(sent, sent + WRITE_BYTES));
  await input.close();
  const code = await exec.wait();
  if (code !== 0) throw new Error(`${script} ended with ${code}.`);
}

async function receive(sandbox: Sandbox, script: string): Promise<void> {
  const exec = await sandbox.exec(["sh", "-c", script], { mode: "binary" });
  let received = 0;
  for await (const chunk of exec.stdout) received += chunk.length;
  if (received !== STREAM_BYTES) throw new Error(`${received} bytes came.`);
}

async function crowd(fixture: Fixture): Promise<number> {
  const startedAt = performance.now();
  const sandboxes = await Promise.all(Array.from({ length: CROWD }, () => fixture.create()));
  await Promise.all(sandboxes.map(async (sandbox) => (await sandbox.exec(["true"])).wait()));
  const elapsed = performance.now() - startedAt;
  await Promise.all(sandboxes.map((sandbox) => sandbox.terminate({ wait: true })));
  return elapsed;
}

async function snapshot(sandbox: Sandbox): Promise<string> {
  const write = await sandbox.exec(["sh", "-c", "head -c 1000000000 /dev/zero > /root/big"]);
  await write.wait();
  try {
    const startedAt = performance.now();
    await sandbox.snapshotFilesystem();
    return ms(performance.now() - startedAt);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function shell(script: string, cwd: string): Promise<void> {
  await promisify(execFile)("sh", ["-c", script], { cwd });
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

/** In MB a second. */
async function speedOf(stream: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await stream();
  return STREAM_BYTES / MB / ((performance.now() - startedAt) / 1000);
}

const row = (what: string, result: string, target = ""): Row => ({ what, result, against: "", ratio: "", target });

const against = (
  what: string,
  ours: readonly number[],
  anchor: string,
  theirs: readonly number[],
  target = "",
): Row => ({
  what,
  result: `${median(ours).toFixed(0)} MB/s`,
  against: `${anchor} ${median(theirs).toFixed(0)} MB/s`,
  ratio: median(ours.map((speed, round) => speed / (theirs[round] ?? Number.NaN))).toFixed(2),
  target,
});
