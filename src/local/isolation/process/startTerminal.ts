import { spawn } from "node:child_process";
import { constants, openSync, readSync, writeSync } from "node:fs";
import { PassThrough, Writable } from "node:stream";
import { ReadStream } from "node:tty";
import { codeOf } from "../../../base/errors";
import type { IsolatedProcess, SpawnOptions } from "../../base/isolation";
import { exitOf, killer, leaderOf, stagedCommand, type Entrance, type ProcessOptions } from "./startProcess";
import { terminalHelper } from "./terminalHelper";

export type TerminalOptions = ProcessOptions & { readonly pty: NonNullable<SpawnOptions["pty"]> };

/**
 * Starts a program on its own terminal in the sandbox. The server itself holds the terminal's master side, so that no
 * process is between the program and its reader.
 */
export async function startTerminal(entrance: Entrance, options: TerminalOptions): Promise<IsolatedProcess> {
  const { pty } = options;
  const env = { TERM: pty.term, COLORTERM: "truecolor", ...options.env };
  const helper = await terminalHelper(pty);
  const { file, words, env: shellEnv } = stagedCommand(entrance, { ...options, env }, helper);

  const root = entrance.initPid === undefined ? "" : `/proc/${entrance.initPid}/root`;
  const master = openSync(`${root}/dev/ptmx`, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
  const child = spawn(file, words, {
    cwd: entrance.cwd,
    env: shellEnv,
    detached: true,
    stdio: ["ignore", "ignore", "pipe", "pipe", master],
  });
  const reader = new ReadStream(master);
  const exited = exitOf(child);
  // If no program opened the terminal, nothing will ever close it. In that case the error arrives on the pipe.
  child.stderr?.once("data", () => void exited.then(() => reader.destroy()));

  try {
    const leader = await leaderOf(child, options, child.stderr);
    const stderr = new PassThrough();
    stderr.end();
    return {
      stdin: terminalInput(reader, master),
      stdout: terminalOutput(reader, master),
      stderr,
      exited,
      kill: killer(child, entrance, leader),
    };
  } catch (error) {
    reader.destroy();
    throw error;
  }
}

function terminalOutput(reader: ReadStream, master: number): PassThrough {
  const output = new PassThrough();
  // Node treats the hang-up as the end, although the kernel has more to read. The real end is EIO.
  reader.once("end", () => {
    for (const chunk of readToEnd(master)) output.write(chunk);
    output.end();
    reader.destroy();
  });
  reader.on("error", () => output.end());
  reader.on("close", () => output.end());
  output.on("close", () => reader.destroy());
  reader.pipe(output, { end: false });
  return output;
}

function* readToEnd(master: number): Generator<Buffer> {
  for (;;) {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    try {
      const length = readSync(master, chunk);
      if (length === 0) return;
      yield chunk.subarray(0, length);
    } catch {
      return;
    }
  }
}

function terminalInput(reader: ReadStream, master: number): Writable {
  let isLineStart = true;
  const send = (data: Buffer, done: (error?: Error | null) => void): void => {
    if (reader.destroyed) {
      done(new Error("The terminal is closed."));
      return;
    }
    try {
      const rest = data.subarray(writeSync(master, data));
      if (rest.length === 0) done();
      else send(rest, done);
    } catch (error) {
      if (codeOf(error) === "EAGAIN") setTimeout(send, FULL_WAIT_MS, data, done);
      else done(error instanceof Error ? error : new Error(String(error)));
    }
  };
  const input = new Writable({
    write(chunk: Buffer, _encoding, done) {
      isLineStart = chunk.at(-1) === NEWLINE;
      send(chunk, done);
    },
    // If a line has begun, the first end-of-file character only completes it, and the next one is the end.
    final(done) {
      send(Buffer.from(isLineStart ? [END_OF_FILE] : [END_OF_FILE, END_OF_FILE]), done);
    },
  });
  input.on("error", () => undefined);
  return input;
}

/** The time to wait before writing again to a terminal whose program does not read its input. */
const FULL_WAIT_MS = 10;
/** More than the kernel returns per read. */
const CHUNK_BYTES = 8192;
const NEWLINE = 0x0a;
const END_OF_FILE = 0x04;
