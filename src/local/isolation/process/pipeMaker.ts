import { execFile } from "node:child_process";
import { closeSync, constants, mkdirSync, openSync, unlinkSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";

/** One direction between the server and a program: the server's stream and the program's descriptor. */
export interface ProgramPipe {
  readonly stream: Socket;
  /** Close this once the program has it. */
  readonly descriptor: number;
}

/**
 * Creates the pipes of programs. Node would use sockets, which cannot be reopened as `/dev/stdout` or `/dev/stderr`,
 * and discards their unread data when the program ends. These are named pipes that lose their name once both ends are
 * open.
 */
export class PipeMaker {
  readonly #folder: string;
  readonly #mkfifo: string;
  readonly #names: string[] = [];
  #made = 0;
  #making: Promise<void> | undefined;

  constructor(folder: string, mkfifo: string) {
    this.#folder = folder;
    this.#mkfifo = mkfifo;
    mkdirSync(folder, { mode: 0o700 });
  }

  /** A pipe from the server to a program. */
  async toProgram(): Promise<ProgramPipe> {
    const path = await this.#take();
    // Each end waits for the other when opened, unless it is opened without blocking.
    const opener = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const own = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    const descriptor = openSync(path, constants.O_RDONLY);
    closeSync(opener);
    unlinkSync(path);
    return { stream: new Socket({ fd: own, readable: false, writable: true }), descriptor };
  }

  /** A pipe from a program to the server. */
  async fromProgram(): Promise<ProgramPipe> {
    const path = await this.#take();
    const own = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const descriptor = openSync(path, constants.O_WRONLY);
    unlinkSync(path);
    return { stream: new Socket({ fd: own, readable: true, writable: false }), descriptor };
  }

  async #take(): Promise<string> {
    for (;;) {
      const path = this.#names.pop();
      if (this.#names.length < LOW) this.#making ??= this.#makeMore();
      this.#making?.catch(() => undefined);
      if (path !== undefined) return path;
      await this.#making;
    }
  }

  async #makeMore(): Promise<void> {
    const paths = Array.from({ length: BATCH }, () => join(this.#folder, String((this.#made += 1))));
    try {
      await promisify(execFile)(this.#mkfifo, ["-m", "600", ...paths]);
      this.#names.push(...paths);
    } finally {
      this.#making = undefined;
    }
  }
}

const BATCH = 64;
const LOW = 32;
