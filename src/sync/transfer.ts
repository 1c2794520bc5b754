import { delay } from "../base/async";
import { UserError } from "../base/errors";
import { connectionLost, receiverFailed, type ReceiverEnd } from "./pushErrors";
import { receiverCommand } from "./receiver";
import type { Exec, RemoteProcess } from "./remoteProcess";

/** How long a receiver whose input broke has to say why. */
const LAST_WORDS_MS = 5000;

/** One sandbox's end of a push. Only `finish` rejects, so that a target that fails does not stop the others. */
export class Transfer {
  readonly #remotePath: string;
  readonly #process: Promise<RemoteProcess>;
  #writeError: unknown;
  #isOver = false;
  #isClosed = false;

  constructor(remotePath: string, exec: Exec) {
    this.#remotePath = remotePath;
    this.#process = exec(receiverCommand(remotePath));
    const end = () => {
      this.#isOver = true;
    };
    // Read only in `finish`, which an abandoned transfer never comes to.
    this.#process.then((process) => process.output).catch(() => undefined);
    // While it is being sent to, a receiver ends only because it gives up.
    this.#process.then((process) => process.exitCode).then(end, end);
  }

  /** Nothing that is sent from here on can arrive. */
  get isOver(): boolean {
    return this.#isOver;
  }

  async write(block: Uint8Array): Promise<void> {
    if (this.#isOver) return;
    try {
      const process = await this.#process;
      await Promise.race([process.write(block), process.exitCode]);
    } catch (error) {
      this.#writeError = error;
      this.#isOver = true;
    }
  }

  /** Resolves once everything sent is in its place. */
  async finish(): Promise<void> {
    const process = await this.#process;
    this.#closeInput(process);

    const end = await this.#end(process);
    if (end.exitCode !== 0) throw receiverFailed(this.#remotePath, end, this.#writeError);
  }

  /** Ends the input early: without the archive's mark the receiver discards what it has. */
  abandon(): void {
    this.#isOver = true;
    this.#process.then(
      (process) => {
        this.#closeInput(process);
      },
      () => undefined,
    );
  }

  #closeInput(process: RemoteProcess): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    // Where the input cannot be closed, the exit code says why.
    process.closeInput().catch(() => undefined);
  }

  async #end(process: RemoteProcess): Promise<ReceiverEnd> {
    const over = new AbortController();
    try {
      const ended = Promise.all([process.exitCode, process.output]);
      const [exitCode, { stderr }] = await (this.#writeError === undefined
        ? ended
        : Promise.race([ended, this.#failLater(over.signal)]));
      return { exitCode, stderr };
    } catch (error) {
      throw error instanceof UserError ? error : connectionLost(error);
    } finally {
      over.abort();
    }
  }

  async #failLater(signal: AbortSignal): Promise<never> {
    await delay(LAST_WORDS_MS, signal);
    throw this.#writeError;
  }
}
