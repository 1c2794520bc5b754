import { Blocks } from "../archive/blocks";
import { Credits } from "./credits";
import type { PullCounts } from "../pull/pullMessages";
import { FEED_CREDITS } from "./syncCalls";

/** What feeds a session of the worker with streams, never more of them at once than it keeps up with. */
export class Feed {
  readonly #blocks: Blocks;
  readonly #credits = new Credits(FEED_CREDITS);
  readonly #onProgress: (counts: PullCounts) => void;
  #error: Error | undefined;
  #isEnough = false;

  constructor(send: (block: Uint8Array<ArrayBuffer>) => void, onProgress: (counts: PullCounts) => void) {
    this.#onProgress = onProgress;
    this.#blocks = new Blocks((block) => {
      this.#credits.take();
      send(block);
    });
  }

  /** Resolves once the whole stream is on its way, or with false once the session wants no more of it. */
  async pour(stream: AsyncIterable<Uint8Array>): Promise<boolean> {
    for await (const chunk of stream) {
      await this.#credits.available();
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
    this.#credits.grant();
    this.#onProgress(counts);
  }

  /** There is nobody to feed any more. */
  fail(error: Error): void {
    this.#error ??= error;
    this.#credits.letGo();
  }
}
