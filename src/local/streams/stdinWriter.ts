import type { Writable } from "node:stream";
import { delay } from "../../base/async";
import { aborted, failedPrecondition } from "../protocol/errors";
import { Bell } from "../base/bell";

// The bytes that a program has not read yet. A writer waits when there are more.
const BUFFER_BYTES = 2 * 1024 * 1024;
// The time that a broken pipe waits for the exit that explains it.
const EXIT_GRACE_MS = 1000;
const END_OF_TRANSMISSION = "\x04";

/** A program's input, written by offset, so that a caller may repeat data that may have been lost. */
export class StdinWriter {
  readonly #stdin: Writable;
  readonly #exited: Promise<unknown>;
  readonly #isTerminal: boolean;
  readonly #changed = new Bell();
  #accepted = 0;
  #pending = 0;
  #isClosed = false;
  #isBroken = false;
  #streams = 0;

  constructor(stdin: Writable, exited: Promise<unknown>, isTerminal: boolean) {
    this.#stdin = stdin;
    this.#exited = exited;
    this.#isTerminal = isTerminal;
    const markBroken = () => {
      this.#isBroken = true;
      this.#changed.ring();
    };
    stdin.on("error", markBroken);
    exited.then(markBroken, markBroken);
  }

  get accepted(): number {
    return this.#accepted;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Accepts the part of `data` after the bytes already accepted. Resolves when there is room for more. */
  async write(offset: number, data: Uint8Array, signal: AbortSignal): Promise<void> {
    if (offset > this.#accepted)
      throw failedPrecondition(
        `The input at offset ${offset} leaves a gap: only ${this.#accepted} bytes have arrived.`,
      );
    const fresh = data.subarray(this.#accepted - offset);
    if (fresh.length === 0) return;
    if (this.#isClosed) throw failedPrecondition("The program's input is closed.");
    if (this.#isBroken) await this.#refuse();

    this.#accepted += fresh.length;
    this.#pending += fresh.length;
    this.#stdin.write(fresh, () => {
      this.#pending -= fresh.length;
      this.#changed.ring();
    });

    while (this.#pending > BUFFER_BYTES && !this.#isBroken) await this.#changed.next(signal);
    if (this.#isBroken && this.#pending > 0) await this.#refuse();
  }

  /** Closes the input. It may be called more than once, and after the program has ended. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#isBroken) return;
    if (this.#isTerminal) this.#stdin.write(END_OF_TRANSMISSION);
    else this.#stdin.end();
  }

  /** Starts a streamed upload, which ends any other. Call the result before each write of this upload. */
  beginStream(): () => void {
    const stream = this.evictStream();
    return () => {
      if (stream !== this.#streams) throw aborted("Another writer took over this input.");
    };
  }

  evictStream(): number {
    this.#streams += 1;
    return this.#streams;
  }

  async #refuse(): Promise<never> {
    // A caller that sees this error asks for the exit status next.
    await Promise.race([this.#exited, delay(EXIT_GRACE_MS)]);
    throw failedPrecondition("The program has ended or closed its input.");
  }
}
