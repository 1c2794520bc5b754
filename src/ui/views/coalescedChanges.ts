import type { Disposable } from "../../base/disposable";
import { Emitter } from "../../base/event";

/** Elements that changed; `undefined` stands for everything. */
export type Changes<T> = readonly T[] | undefined;

/**
 * Collects changes, so that listeners are notified at most once per interval: immediately of the first change, then of
 * the rest together.
 */
export class CoalescedChanges<T> implements Disposable {
  readonly #intervalMs: number;
  readonly #fired = new Emitter<Changes<T>>();
  readonly onDidChange = this.#fired.event;
  readonly #pending = new Set<T>();
  #isEverythingPending = false;
  #pause: ReturnType<typeof setTimeout> | undefined;

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  add(...elements: readonly T[]): void {
    for (const element of elements) this.#pending.add(element);
    this.#flush();
  }

  addEverything(): void {
    this.#isEverythingPending = true;
    this.#flush();
  }

  dispose(): void {
    clearTimeout(this.#pause);
    this.#fired.dispose();
  }

  #flush(): void {
    if (this.#pause !== undefined || (!this.#isEverythingPending && this.#pending.size === 0)) return;
    const changes = this.#isEverythingPending ? undefined : [...this.#pending];
    this.#isEverythingPending = false;
    this.#pending.clear();
    this.#pause = setTimeout(() => {
      this.#pause = undefined;
      this.#flush();
    }, this.#intervalMs);
    this.#fired.fire(changes);
  }
}
