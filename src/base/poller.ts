import type { Disposable } from "./disposable";
import { messageOf } from "./errors";
import type { Logger } from "./ports";

export interface PollerOptions {
  readonly intervalMs: number;
  /** The longest wait between two attempts. Each failure doubles the wait up to this limit. */
  readonly maxIntervalMs: number;
  readonly log: Logger;
  /** The name of the polled thing, for the log. */
  readonly name: string;
}

/** Repeats a task while switched on, one call at a time, and backs off after failures. */
export class Poller implements Disposable {
  readonly #task: (signal: AbortSignal) => Promise<void>;
  readonly #options: PollerOptions;
  #isOn = false;
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running: Promise<void> | undefined;
  #abort = new AbortController();

  constructor(task: (signal: AbortSignal) => Promise<void>, options: PollerOptions) {
    this.#task = task;
    this.#options = options;
  }

  /** Switches polling on (and polls immediately) or off. */
  setOn(isOn: boolean): void {
    if (isOn === this.#isOn) return;
    this.#isOn = isOn;
    clearTimeout(this.#timer);
    if (isOn) void this.#tick();
    else {
      this.#abort.abort();
      this.#abort = new AbortController();
      this.#running = undefined;
    }
  }

  /** Polls now, or joins the poll in progress. Works while switched off. Rejects if the task fails. */
  async poll(): Promise<void> {
    const running = (this.#running ??= this.#task(this.#abort.signal));
    try {
      await running;
    } finally {
      if (this.#running === running) this.#running = undefined;
    }
  }

  dispose(): void {
    this.setOn(false);
    this.#abort.abort();
  }

  async #tick(): Promise<void> {
    const signal = this.#abort.signal;
    try {
      await this.poll();
      this.#failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      this.#failures += 1;
      this.#options.log.warn(`${this.#options.name}: ${messageOf(error)}`);
    }
    if (signal.aborted) return;
    const { intervalMs, maxIntervalMs } = this.#options;
    this.#timer = setTimeout(() => void this.#tick(), Math.min(intervalMs * 2 ** this.#failures, maxIntervalMs));
  }
}
