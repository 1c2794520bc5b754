import { execFile, fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { setFlagsFromString } from "node:v8";
import type { Sandbox } from "modal";
import { createClient } from "../../backend/support/localBackend";
import { median, type Row } from "./table";

const MB = 1_000_000;
const ROUNDS = 3;
const FILES = 200;
const STREAM_BYTES = FILES * MB;
const WRITE_BYTES = MB;
const UNPACK = "rm -rf unpacked && mkdir unpacked && tar -C unpacked -xf -";

/** Compares each stream with its bare pipe in the same round. */
export async function benchStreams(sandbox: Sandbox, work: string): Promise<Row[]> {
  const makeFiles = `mkdir files; for i in $(seq ${FILES}); do head -c ${MB} /dev/urandom > files/$i; done`;
  await shell(`${makeFiles}; tar -cf archive.tar files`, work);
  const archive = await readFile(join(work, "archive.tar"));
  const zeros = Buffer.alloc(STREAM_BYTES);
  const pipe = () => shell(`head -c ${STREAM_BYTES} /dev/zero | cat | cat > /dev/null`, work);
  const tar = () => shell(`cat archive.tar | { ${UNPACK}; }`, work);
  const discarding = await startDiscarding();

  try {
    const cats = "cat | cat";
    const tars = "cat | tar -x";
    return [
      await compare("stdin", () => send(sandbox, "cat > /dev/null", zeros), cats, pipe),
      await compare("stdout", () => receive(sandbox, `head -c ${STREAM_BYTES} /dev/zero`), cats, pipe),
      await compare("stdin into tar -x", () => send(sandbox, UNPACK, archive), tars, tar, "≥ 0.5"),
      await compare("  to a server that discards it", () => send(discarding.sandbox, "", archive), tars, tar),
      ...(await withRoomyHeap(async () => [
        await compare("  from a roomy heap", () => send(sandbox, UNPACK, archive), tars, tar, "≥ 0.5"),
        await compare("  from there, discarded", () => send(discarding.sandbox, "", archive), tars, tar),
      ])),
    ];
  } finally {
    discarding.stop();
  }
}

/**
 * The SDK copies each write, which counts toward the client's heap. In a program as small as this one, V8 then collects
 * all garbage every few megabytes; it does not in a program whose heap is large or may grow.
 */
async function withRoomyHeap<T>(work: () => Promise<T>): Promise<T> {
  setFlagsFromString("--heap-growing-percent=500");
  try {
    return await work();
  } finally {
    setFlagsFromString("--heap-growing-percent=0");
  }
}

async function startDiscarding(): Promise<{ readonly sandbox: Sandbox; stop(): void }> {
  const server: ChildProcess = fork(resolve("out/test/bench/support/discardServer.js"));
  const [port] = (await once(server, "message")) as [number];
  const modal = createClient({ serverUrl: `http://127.0.0.1:${port}`, tokenId: "ak-1", tokenSecret: "as-1" });
  return {
    sandbox: await modal.sandboxes.fromId("sb-00000000000000000000000000"),
    stop: () => {
      modal.close();
      server.disconnect();
    },
  };
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

async function shell(script: string, cwd: string): Promise<void> {
  await promisify(execFile)("sh", ["-c", script], { cwd });
}

async function compare(
  what: string,
  ours: () => Promise<void>,
  anchor: string,
  theirs: () => Promise<void>,
  target = "",
): Promise<Row> {
  const speeds: { ours: number; theirs: number }[] = [];
  for (let round = 0; round < ROUNDS; round += 1)
    speeds.push({ theirs: await speedOf(theirs), ours: await speedOf(ours) });
  return {
    what,
    result: `${median(speeds.map((speed) => speed.ours)).toFixed(0)} MB/s`,
    against: `${anchor} ${median(speeds.map((speed) => speed.theirs)).toFixed(0)} MB/s`,
    ratio: median(speeds.map((speed) => speed.ours / speed.theirs)).toFixed(2),
    target,
  };
}

/** In MB a second. */
async function speedOf(stream: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await stream();
  return STREAM_BYTES / MB / ((performance.now() - startedAt) / 1000);
}
