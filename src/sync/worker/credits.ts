import { Deferred } from "../../base/async";

/** Lets a sender be ahead of its receiver by a fixed number of blocks. */
export class Credits {
  #left: number;
  #granted = new Deferred<undefined>();

  constructor(count: number) {
    this.#left = count;
  }

  /** Takes one, which may be more than are left: the sender then waits before it makes the next. */
  take(): void {
    this.#left -= 1;
  }

  grant(): void {
    this.#left += 1;
    if (this.#left !== 1) return;
    this.#granted.resolve(undefined);
    this.#granted = new Deferred();
  }

  /** There is nobody to take any more: a sender that waits goes on, and hears of it. */
  letGo(): void {
    this.#left = Infinity;
    this.#granted.resolve(undefined);
  }

  async available(): Promise<void> {
    while (this.#left <= 0) await this.#granted.promise;
  }
}
