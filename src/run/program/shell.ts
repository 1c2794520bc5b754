import { Deferred } from "../../base/async";
import { UserError } from "../../base/errors";
import { STATE_FOLDER } from "../../base/stateFolder";
import { isSandboxGone } from "../../modal/errors";
import { collect, type ExecGateway, type RemoteProcess } from "../../modal/exec";
import type { GpuRequest } from "../../modal/gpus";
import { superviseProgram } from "./program";
import HANG_UP from "./remote/hangUp.sh";
import LOGIN from "./remote/login.sh";
import PTY from "./remote/onTerminal.py";
import ON_TERMINAL from "./remote/onTerminal.sh";
import RESIZE from "./remote/resize.sh";
import { logFolder } from "./supervisor";

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** What shows a shell. */
export interface ShellScreen {
  readonly size: TerminalSize;
  /** Settles when there is room for more. */
  show(bytes: Uint8Array): Promise<void>;
  tell(line: string): void;
}

export interface ShellOptions {
  readonly exec: ExecGateway;
  readonly sandboxId: string;
  readonly gpu: GpuRequest | undefined;
  /** A plain word, unique in the sandbox. */
  readonly id: string;
  readonly workdir: string;
  /** How many bytes it wrote already, where an earlier window started it. */
  readonly writtenBytes: number | undefined;
  /** Whether the sandbox may still live. */
  readonly mayLive: () => boolean;
}

const CALL_TIMEOUT_MS = 15_000;

/**
 * An interactive shell in a sandbox, supervised as runs are. In an image without what that takes it ends with its
 * connection.
 */
export class Shell {
  readonly #options: ShellOptions;
  readonly gpu: GpuRequest | undefined;
  /** How much is shown again that an earlier window showed; `undefined` for a shell of this one. */
  readonly writtenBytes: number | undefined;
  readonly #over = new Deferred<undefined>();
  /** Settles when no window is to go on with it. */
  readonly over = this.#over.promise;
  #process: RemoteProcess | undefined;
  #isHungUp = false;

  constructor(options: ShellOptions) {
    this.#options = options;
    this.gpu = options.gpu;
    this.writtenBytes = options.writtenBytes;
  }

  /** Starts it, or goes on with it; returns its exit code once all is shown. Called once. */
  async converse(screen: ShellScreen): Promise<number> {
    try {
      const exitCode = await this.#supervise(screen);
      this.#over.resolve(undefined);
      return exitCode;
    } catch (error) {
      if (isSandboxGone(error)) this.#over.resolve(undefined);
      throw error;
    }
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#process?.write(bytes);
  }

  async resize(size: TerminalSize): Promise<void> {
    await this.#run(RESIZE, ...sizeArguments(size));
  }

  /** What closing a terminal does to its shell, be it there already or not. */
  async hangUp(): Promise<void> {
    this.#isHungUp = true;
    this.#over.resolve(undefined);
    await this.#run(HANG_UP);
  }

  async #supervise(screen: ShellScreen): Promise<number> {
    const { id, writtenBytes } = this.#options;
    let shownBytes = 0;
    const exitCode = await superviseProgram({
      ...this.#options,
      argv: ["sh", "-c", ON_TERMINAL, "sh", `${logFolder(id)}/input`, PTY, ...this.#login(screen)],
      context: { env: { TERM: "xterm-256color", COLORTERM: "truecolor" } },
      isStarted: writtenBytes !== undefined,
      isInteractive: true,
      onConnected: (process) => {
        this.#process = process;
      },
      mayLive: () => !this.#isHungUp && this.#options.mayLive(),
      show: async ({ bytes, stream }) => {
        if (stream === "stderr") return;
        shownBytes += bytes.length;
        await screen.show(bytes);
      },
      tell: (line) => {
        screen.tell(line);
      },
      lost: shellLost,
    });
    const isMissing = shownBytes === 0 && writtenBytes === undefined && !this.#isHungUp;
    return isMissing ? this.#conversePlainly(screen) : exitCode;
  }

  /** On a terminal that the exec itself brings. */
  async #conversePlainly(screen: ShellScreen): Promise<number> {
    const { exec, sandboxId } = this.#options;
    const process = await exec.exec(sandboxId, this.#login(screen), { pty: true }, new AbortController().signal);
    this.#process = process;
    for await (const bytes of process.stdout) await screen.show(bytes);
    return process.exitCode;
  }

  #login({ size }: ShellScreen): string[] {
    return ["sh", "-c", LOGIN, "sh", this.#notes, ...sizeArguments(size), this.#options.workdir];
  }

  get #notes(): string {
    return `${STATE_FOLDER}/${this.#options.id}.tty`;
  }

  async #run(script: string, ...args: string[]): Promise<void> {
    const { exec, sandboxId } = this.#options;
    const argv = ["sh", "-c", script, "sh", this.#notes, ...args];
    await collect(await exec.exec(sandboxId, argv, {}, AbortSignal.timeout(CALL_TIMEOUT_MS)));
  }
}

const sizeArguments = ({ rows, columns }: TerminalSize) => [String(rows), String(columns)];

const shellLost = () => new UserError("The sandbox has nothing of this shell any more. Open another one.");
