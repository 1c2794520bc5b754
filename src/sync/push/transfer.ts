import { Deferred, delay } from "../../base/async";
import { UserError } from "../../base/errors";
import { connectionLost, isDisplaced, receiverFailed } from "./pushErrors";
import { receiverCommand, ReceiverExit, type ReceiverOptions } from "../remote/receiver";
import type { Exec, RemoteProcess } from "../remote/remoteProcess";

/** The time that a receiver has to report why its input broke. */
const LAST_WORDS_MS = 5000;

/**
 * How a transfer ended: `report` is the receiver's output. A target that drifted or lacks gzip is unchanged. If the
 * sandbox's programs interfered, some files are already in place.
 */
export type TransferEnd =
  | { readonly kind: "arrived"; readonly report: string }
  | { readonly kind: "drifted" }
  | { readonly kind: "noGzip" }
  | { readonly kind: "displaced"; readonly report: string; readonly error: UserError };

/** The connection to one target of a push. Only `finish` rejects, so that a failing target does not stop the others. */
export class Transfer {
  readonly #remotePath: string;
  readonly #process: Promise<RemoteProcess>;
  readonly #finished = new Deferred<undefined>();
  #writeError: unknown;
  #isFinished = false;
  #isClosed = false;

  constructor(options: ReceiverOptions, exec: Exec) {
    this.#remotePath = options.remotePath;
    this.#process = exec(receiverCommand(options));
    const end = () => this.#end();
    // `finish` reads the output, but an abandoned transfer never gets there. A receiver that prints too much receives
    // no more.
    this.#process.then((process) => process.output).catch(end);
    // A receiver that ends before its input does has failed.
    this.#process.then((process) => process.exitCode).then(end, end);
  }

  /** True if the target accepts no more data. */
  get isFinished(): boolean {
    return this.#isFinished;
  }

  async write(block: Uint8Array): Promise<void> {
    if (this.#isFinished) return;
    try {
      const writing = this.#process.then((process) => process.write(block));
      writing.catch(() => undefined);
      await Promise.race([writing, this.#finished.promise]);
    } catch (error) {
      this.#writeError = error;
      this.#end();
    }
  }

  /** Resolves once everything is in place. */
  async finish(): Promise<TransferEnd> {
    const process = await this.#process;
    this.#closeInput(process);

    const { exitCode, stdout, stderr } = await this.#outcome(process);
    if (exitCode === 0) return { kind: "arrived", report: stdout };
    if (exitCode === ReceiverExit.drifted) return { kind: "drifted" };
    if (exitCode === ReceiverExit.noGzip) return { kind: "noGzip" };
    const error = receiverFailed(this.#remotePath, { exitCode, stderr }, this.#writeError);
    if (exitCode === ReceiverExit.notInPlace && isDisplaced(stderr))
      return { kind: "displaced", report: stdout, error };
    throw error;
  }

  /** Ends the input early: without the archive's mark, the receiver discards what it has. */
  abandon(): void {
    this.#end();
    this.#process.then(
      (process) => this.#closeInput(process),
      () => undefined,
    );
  }

  #end(): void {
    this.#isFinished = true;
    this.#finished.resolve(undefined);
  }

  #closeInput(process: RemoteProcess): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    // If the input cannot be closed, the exit code shows why.
    process.closeInput().catch(() => undefined);
  }

  async #outcome(process: RemoteProcess): Promise<{ exitCode: number; stdout: string; stderr: string }> {
    const finished = new AbortController();
    try {
      const ended = Promise.all([process.exitCode, process.output]);
      const [exitCode, output] = await (this.#writeError === undefined
        ? ended
        : Promise.race([ended, this.#failLater(finished.signal)]));
      return { exitCode, ...output };
    } catch (error) {
      throw error instanceof UserError ? error : connectionLost(error);
    } finally {
      finished.abort();
    }
  }

  async #failLater(signal: AbortSignal): Promise<never> {
    await delay(LAST_WORDS_MS, signal);
    throw this.#writeError;
  }
}
