import { Blocks } from "../archive/blocks";
import { SendWindow } from "./sendWindow";
import type { PullCounts } from "../pull/pullMessages";
import { FEED_WINDOW } from "./syncCalls";

/** Writes streams to a session of the worker, no faster than the worker processes them. */
export class Feed {
  readonly #blocks: Blocks;
  readonly #window = new SendWindow(FEED_WINDOW);
  readonly #onProgress: (counts: PullCounts) => void;
  #error: Error | undefined;
  #isEnough = false;

  constructor(send: (block: Uint8Array<ArrayBuffer>) => void, onProgress: (counts: PullCounts) => void) {
    this.#onProgress = onProgress;
    this.#blocks = new Blocks((block) => {
      this.#window.take();
      send(block);
    });
  }

  /** Resolves with true once the whole stream is sent, or with false if the session needs no more of it. */
  async pour(stream: AsyncIterable<Uint8Array>): Promise<boolean> {
    for await (const chunk of stream) {
      await this.#window.available();
      if (this.#error) throw this.#error;
      if (this.#isEnough) return false;
      this.#blocks.append(chunk);
    }
    this.#blocks.flush();
    return true;
  }

  fed(buffer: ArrayBuffer, counts: PullCounts, isEnough: boolean): void {
    this.#isEnough = isEnough;
    this.#blocks.recycle(buffer);
    this.#window.grant();
    this.#onProgress(counts);
  }

  /** Stops the feed because the worker or the session is gone. */
  fail(error: Error): void {
    this.#error ??= error;
    this.#window.release();
  }
}
