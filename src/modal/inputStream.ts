import type { ContainerProcess } from "modal";
import { Deferred } from "../base/async";
import { translated } from "./errors";

/** The input a broken stream may request again: 4 MiB waiting for the connection, and the part on its way to the program. */
const KEPT_BYTES = 12 * 1024 * 1024;

/** How many bytes a writer may be ahead of the stream. */
const AHEAD_BYTES = 1024 * 1024;

/**
 * A program's input as one stream, which is fast over a distant connection: the SDK's own input waits for an answer to
 * each write. After a break the stream resumes if the lost part is still in memory.
 */
export class InputStream {
  readonly #process: InputTarget;
  readonly #sending: Promise<unknown>;
  readonly #kept: Kept[] = [];
  #spare: Uint8Array | undefined;
  #end = 0;
  #taken = 0;
  #isClosed = false;
  #failure: { readonly error: unknown } | undefined;
  #changed = new Deferred<undefined>();

  constructor(process: InputTarget) {
    this.#process = process;
    this.#sending = process._stdinWriteStream({ readFrom: (offset) => this.#from(offset) });
    this.#sending.catch((error: unknown) => {
      this.#failure = { error };
      this.#notify();
    });
  }

  /** Resolves when the stream is ready for more. The caller may reuse `bytes` immediately. */
  async write(bytes: Uint8Array): Promise<void> {
    this.#keep(bytes);
    this.#notify();
    while (this.#end - this.#taken > AHEAD_BYTES && !this.#failure) await this.#changed.promise;
    if (this.#failure) await translated(this.#sending);
  }

  /** Resolves when the program has received everything. After a failure, the program still sees the end of its input. */
  async closeInput(): Promise<void> {
    this.#isClosed = true;
    this.#notify();
    try {
      await this.#sending;
    } catch {
      await translated(this.#process.closeStdin());
    }
  }

  async *#from(offset: number): AsyncGenerator<Uint8Array> {
    for (let at = offset; ;) {
      const part = this.#kept.find(({ start, bytes }) => at < start + bytes.length);
      if (part && at < part.start) throw new Error(`The input broke at ${at}, which is no longer in memory.`);
      if (part) {
        const rest = part.bytes.subarray(at - part.start);
        at += rest.length;
        this.#taken = Math.max(this.#taken, at);
        this.#notify();
        yield rest;
      } else if (this.#isClosed) return;
      else await this.#changed.promise;
    }
  }

  /** Reuses the memory of bytes that are no longer needed, since new memory for each write would pile up until it is collected. */
  #keep(bytes: Uint8Array): void {
    const isOld = ({ start, bytes: { length } }: Kept) => start + length < this.#taken - KEPT_BYTES;
    while (this.#kept[0] && isOld(this.#kept[0])) this.#spare = this.#kept.shift()?.memory;
    const memory = this.#spare && this.#spare.length >= bytes.length ? this.#spare : new Uint8Array(bytes.length);
    this.#spare = undefined;
    memory.set(bytes);
    this.#kept.push({ start: this.#end, bytes: memory.subarray(0, bytes.length), memory });
    this.#end += bytes.length;
  }

  #notify(): void {
    this.#changed.resolve(undefined);
    this.#changed = new Deferred();
  }
}

interface Kept {
  readonly start: number;
  readonly bytes: Uint8Array;
  /** The buffer that contains the bytes. It may be larger. */
  readonly memory: Uint8Array;
}

type InputTarget = Pick<ContainerProcess, "_stdinWriteStream" | "closeStdin">;
