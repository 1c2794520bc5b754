import { PassThrough, Readable } from "node:stream";
import { codeOf, messageOf } from "../../base/errors";
import type { IsolatedProcess, IsolatedRoot, ProcessExit, SpawnOptions } from "../base/isolation";
import { Latch } from "../base/latch";
import type { Spool } from "../streams/spool";
import { StdinWriter } from "../streams/stdinWriter";

// A shell's exit code for a command that it cannot find.
const NOT_FOUND_EXIT_CODE = 127;

export interface ProgramOptions extends SpawnOptions {
  /** The destination of the output. Without one, output is discarded. */
  readonly stdout: Spool | undefined;
  readonly stderr: Spool | undefined;
  readonly timeoutMs: number | undefined;
}

/** A program in a sandbox, with stored output and an input that is written by offset. */
export class Program {
  readonly stdin: StdinWriter;
  readonly stdout: Spool | undefined;
  readonly stderr: Spool | undefined;
  readonly exited: Promise<ProcessExit>;
  /** Set when the program ends. */
  readonly exit = new Latch<ProcessExit>();

  /**
   * Starts the program. If the program or folder does not exist, it counts as started and ended, with an error on
   * stderr.
   */
  static async start(root: IsolatedRoot, options: ProgramOptions): Promise<Program> {
    try {
      return new Program(await root.spawn(options), options);
    } catch (error) {
      if (codeOf(error) !== "ENOENT") throw error;
      return new Program(endedAtOnce(messageOf(error), options.pty !== undefined), options);
    }
  }

  private constructor(process: IsolatedProcess, options: ProgramOptions) {
    this.stdout = options.stdout;
    this.stderr = options.stderr;
    this.exited = this.#watch(process, options.timeoutMs);
    this.stdin = new StdinWriter(process.stdin, this.exited, options.pty !== undefined);
    void collect(process.stdout, this.stdout);
    void collect(process.stderr, this.stderr);
  }

  async #watch(process: IsolatedProcess, timeoutMs: number | undefined): Promise<ProcessExit> {
    const kill = () => process.kill("SIGKILL");
    const timer = timeoutMs === undefined ? undefined : setTimeout(kill, timeoutMs);
    const exit = await process.exited;
    clearTimeout(timer);
    this.exit.set(exit);
    return exit;
  }
}

async function collect(output: Readable, spool: Spool | undefined): Promise<void> {
  try {
    for await (const data of output) await spool?.append(data as Buffer);
  } catch {
    // A broken pipe counts as the end.
  } finally {
    spool?.end();
  }
}

function endedAtOnce(message: string, isTerminal: boolean): IsolatedProcess {
  const lines = Readable.from([Buffer.from(`${message}${isTerminal ? "\r\n" : "\n"}`)]);
  return {
    stdin: new PassThrough().resume(),
    stdout: isTerminal ? lines : Readable.from([]),
    stderr: isTerminal ? Readable.from([]) : lines,
    exited: Promise.resolve({ kind: "code", code: NOT_FOUND_EXIT_CODE }),
    kill: () => undefined,
  };
}
