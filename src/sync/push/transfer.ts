import { Deferred, delay } from "../../base/async";
import { UserError } from "../../base/errors";
import { connectionLost, isDisplaced, receiverFailed } from "./pushErrors";
import { receiverCommand, ReceiverExit, type Delivery } from "../remote/receiver";
import type { Exec, RemoteProcess } from "../remote/remoteProcess";

/** How long a receiver whose input broke has to say why. */
const LAST_WORDS_MS = 5000;

/**
 * How a transfer ended: `report` is what the receiver printed; a target that drifted, or that cannot
 * take what is compressed, is as it was. If the sandbox's programs got in the way, some files are in their place.
 */
export type TransferEnd =
  | { readonly kind: "arrived"; readonly report: string }
  | { readonly kind: "drifted" }
  | { readonly kind: "noGzip" }
  | { readonly kind: "displaced"; readonly report: string; readonly error: UserError };

/** One sandbox's end of a push. Only `finish` rejects, so that a target that fails does not stop the others. */
export class Transfer {
  readonly #remotePath: string;
  readonly #process: Promise<RemoteProcess>;
  readonly #finished = new Deferred<undefined>();
  #writeError: unknown;
  #isFinished = false;
  #isClosed = false;

  constructor(delivery: Delivery, exec: Exec) {
    this.#remotePath = delivery.remotePath;
    this.#process = exec(receiverCommand(delivery));
    const end = () => {
      this.#end();
    };
    // Read only in `finish`, which an abandoned transfer never comes to. A receiver that prints without end gets no more.
    this.#process.then((process) => process.output).catch(end);
    // While it is being sent to, a receiver ends only because it gives up.
    this.#process.then((process) => process.exitCode).then(end, end);
  }

  /** Nothing that is sent from here on can arrive. */
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

  /** Resolves once everything sent is in its place. */
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

  /** Ends the input early: without the archive's mark the receiver discards what it has. */
  abandon(): void {
    this.#end();
    this.#process.then(
      (process) => {
        this.#closeInput(process);
      },
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
    // Where the input cannot be closed, the exit code says why.
    process.closeInput().catch(() => undefined);
  }

  async #outcome(process: RemoteProcess): Promise<{ exitCode: number; stdout: string; stderr: string }> {
    const over = new AbortController();
    try {
      const ended = Promise.all([process.exitCode, process.output]);
      const [exitCode, output] = await (this.#writeError === undefined
        ? ended
        : Promise.race([ended, this.#failLater(over.signal)]));
      return { exitCode, ...output };
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
