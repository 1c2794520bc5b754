import { Deferred } from "../../base/async";

/** Limits how many blocks a sender may be ahead of its receiver. */
export class SendWindow {
  #left: number;
  #granted = new Deferred<undefined>();

  constructor(count: number) {
    this.#left = count;
  }

  /** Counts a sent block, even if the window is full: the sender waits before it makes the next block. */
  take(): void {
    this.#left -= 1;
  }

  grant(): void {
    this.#left += 1;
    if (this.#left !== 1) return;
    this.#granted.resolve(undefined);
    this.#granted = new Deferred();
  }

  /** Releases a waiting sender when the receiver is gone. The sender finds out when it continues. */
  release(): void {
    this.#left = Infinity;
    this.#granted.resolve(undefined);
  }

  async available(): Promise<void> {
    while (this.#left <= 0) await this.#granted.promise;
  }
}
