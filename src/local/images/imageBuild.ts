import { Bell } from "../base/bell";
import { Latch } from "../base/latch";

export interface BuildLine {
  readonly data: string;
  readonly stream: "stdout" | "stderr" | "info";
  /** Seconds since the epoch. */
  readonly at: number;
}

export type BuildResult =
  { readonly kind: "built" } | { readonly kind: "failed"; readonly reason: string } | { readonly kind: "cancelled" };

// A longer log loses its beginning.
const LINES_KEPT = 10_000;

/** One image build, with its result and a log that several callers can follow. */
export class ImageBuild {
  readonly id: string;
  readonly result = new Latch<BuildResult>();
  readonly #cancelled = new AbortController();
  readonly #changed = new Bell();
  readonly #lines: BuildLine[] = [];
  #dropped = 0;

  constructor(id: string) {
    this.id = id;
  }

  /** Aborts when the last caller stops waiting for the image. */
  get signal(): AbortSignal {
    return this.#cancelled.signal;
  }

  cancel(): void {
    this.#cancelled.abort();
  }

  log(data: string, stream: BuildLine["stream"]): void {
    if (data === "") return;
    this.#lines.push({ data, stream, at: Date.now() / 1000 });
    if (this.#lines.length > LINES_KEPT) {
      this.#lines.shift();
      this.#dropped += 1;
    }
    this.#changed.ring();
  }

  end(result: BuildResult): void {
    this.result.set(result);
    this.#changed.ring();
  }

  /** The log from line `from`, with line numbers, until the end of the build. */
  async *read(from: number, signal: AbortSignal): AsyncGenerator<BuildLine & { readonly index: number }, void> {
    let index = Math.max(from, this.#dropped);
    for (;;) {
      const line = this.#lines[index - this.#dropped];
      if (line) {
        yield { ...line, index };
        index = Math.max(index + 1, this.#dropped);
      } else if (this.result.value) {
        return;
      } else {
        await this.#changed.next(signal);
      }
    }
  }
}
