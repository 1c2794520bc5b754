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

/** A terminal that shows a shell. */
export interface ShellScreen {
  readonly size: TerminalSize;
  /** Resolves when more output can be accepted. */
  show(bytes: Uint8Array): Promise<void>;
  tell(line: string): void;
}

export interface ShellOptions {
  readonly exec: ExecGateway;
  readonly sandboxId: string;
  readonly gpu: GpuRequest | undefined;
  /** A word of letters and digits, unique in the sandbox. */
  readonly id: string;
  readonly workdir: string;
  /** The number of bytes already written, if an earlier window started the shell. */
  readonly writtenBytes: number | undefined;
  /** True if the sandbox may still be running. */
  readonly mayLive: () => boolean;
}

const CALL_TIMEOUT_MS = 15_000;

/**
 * An interactive shell in a sandbox, supervised like a run. If the image lacks the tools for that, the shell ends with
 * its connection.
 */
export class Shell {
  readonly #options: ShellOptions;
  readonly gpu: GpuRequest | undefined;
  /** How many bytes are shown again after an earlier window showed them. `undefined` for a shell of this window. */
  readonly writtenBytes: number | undefined;
  readonly #finished = new Deferred<undefined>();
  /** Resolves when no window should resume the shell. */
  readonly finished = this.#finished.promise;
  #process: RemoteProcess | undefined;
  #isHungUp = false;

  constructor(options: ShellOptions) {
    this.#options = options;
    this.gpu = options.gpu;
    this.writtenBytes = options.writtenBytes;
  }

  /** Starts or resumes the shell. Returns its exit code when all output has been shown. Call it only once. */
  async run(screen: ShellScreen): Promise<number> {
    try {
      const exitCode = await this.#supervise(screen);
      this.#finished.resolve(undefined);
      return exitCode;
    } catch (error) {
      if (isSandboxGone(error)) this.#finished.resolve(undefined);
      throw error;
    }
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#process?.write(bytes);
  }

  async resize(size: TerminalSize): Promise<void> {
    await this.#exec(RESIZE, ...sizeArguments(size));
  }

  /** Ends the shell as closing a terminal does, even if it is still starting. */
  async hangUp(): Promise<void> {
    this.#isHungUp = true;
    this.#finished.resolve(undefined);
    await this.#exec(HANG_UP);
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
      tell: (line) => screen.tell(line),
      lost: shellLost,
    });
    const isMissing = shownBytes === 0 && writtenBytes === undefined && !this.#isHungUp;
    return isMissing ? this.#runPlainly(screen) : exitCode;
  }

  /** Runs the shell on the terminal that Modal's exec provides. */
  async #runPlainly(screen: ShellScreen): Promise<number> {
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

  async #exec(script: string, ...args: string[]): Promise<void> {
    const { exec, sandboxId } = this.#options;
    const argv = ["sh", "-c", script, "sh", this.#notes, ...args];
    await collect(await exec.exec(sandboxId, argv, {}, AbortSignal.timeout(CALL_TIMEOUT_MS)));
  }
}

const sizeArguments = ({ rows, columns }: TerminalSize) => [String(rows), String(columns)];

const shellLost = () => new UserError("This shell no longer exists in the sandbox. Open another one.");
