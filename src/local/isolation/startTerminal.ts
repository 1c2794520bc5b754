import { spawn } from "node:child_process";
import { closeSync, constants, openSync, readFileSync, writeSync } from "node:fs";
import { PassThrough, Writable } from "node:stream";
import { ReadStream } from "node:tty";
import { codeOf } from "../../base/errors";
import type { IsolatedProcess, SpawnOptions } from "../isolation";
import { exitOf, killer, leaderOf, stagedCommand, type Entrance, type ProcessOptions } from "./startProcess";
import { terminalHelper } from "./terminalHelper";

export type TerminalOptions = ProcessOptions & { readonly pty: NonNullable<SpawnOptions["pty"]> };

/**
 * Starts a program on a terminal of the sandbox's own. The server holds the terminal's master side itself, so that no
 * process stands between the program and its reader.
 */
export async function startTerminal(entrance: Entrance, options: TerminalOptions): Promise<IsolatedProcess> {
  const { pty } = options;
  const env = { TERM: pty.term, COLORTERM: "truecolor", ...options.env };
  const helper = await terminalHelper(pty);
  const { file, words, env: shellEnv } = stagedCommand(entrance, { ...options, env }, helper);

  const devices = `${entrance.initPid === undefined ? "" : `/proc/${entrance.initPid}/root`}/dev`;
  const master = openSync(`${devices}/ptmx`, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
  const child = spawn(file, words, {
    cwd: entrance.cwd,
    env: shellEnv,
    detached: true,
    stdio: ["ignore", "ignore", "pipe", "pipe", master],
  });
  const reader = new ReadStream(master);
  const exited = exitOf(child);
  void exited.then(() => {
    endUnlessHeld(reader, master, devices);
  });

  try {
    const leader = await leaderOf(child, options, child.stderr);
    const stderr = new PassThrough();
    stderr.end();
    return {
      stdin: terminalInput(reader, master),
      stdout: terminalOutput(reader),
      stderr,
      exited,
      kill: killer(child, entrance, leader),
    };
  } catch (error) {
    reader.destroy();
    throw error;
  }
}

function terminalOutput(reader: ReadStream): PassThrough {
  const output = new PassThrough();
  // EIO is how Linux says that the last process has let go of the terminal.
  reader.on("error", () => output.end());
  reader.on("close", () => output.end());
  output.on("close", () => reader.destroy());
  reader.pipe(output, { end: false });
  return output;
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
    // A first end-of-file character only hands over a line begun; the next one is the end.
    final(done) {
      send(Buffer.from(isLineStart ? [END_OF_FILE] : [END_OF_FILE, END_OF_FILE]), done);
    },
  });
  input.on("error", () => undefined);
  return input;
}

/** How long to leave a terminal alone whose program does not read its input. */
const FULL_WAIT_MS = 10;
const NEWLINE = 0x0a;
const END_OF_FILE = 0x04;

/** Opening and closing the other side makes the reader notice its end even if no program ever came to open it. */
function endUnlessHeld(reader: ReadStream, master: number, devices: string): void {
  if (reader.destroyed || process.platform !== "linux") return;
  try {
    const index = /^tty-index:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${master}`, "utf8"))?.[1];
    closeSync(openSync(`${devices}/pts/${index ?? ""}`, constants.O_RDWR | constants.O_NOCTTY));
  } catch {
    reader.destroy();
  }
}
