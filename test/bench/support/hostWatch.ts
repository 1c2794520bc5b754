import { readFileSync } from "node:fs";

const TICK_MS = 5;

/** How a process fares while it works: its event loop, and its memory over what it had before. */
export class HostWatch {
  readonly #idleBytes = process.memoryUsage.rss();
  #peakBytes = this.#idleBytes;
  #blockMs = 0;
  #tickedAt = performance.now();
  #waitedMs = waitedForCpu();
  readonly #timer = setInterval(() => this.#tick(), TICK_MS);

  /** The longest time in which the event loop did not turn. Having to wait for a CPU is not its fault. */
  get blockMs(): number {
    return this.#blockMs;
  }

  get growthMb(): number {
    return (this.#peakBytes - this.#idleBytes) / 1_000_000;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#tick();
  }

  #tick(): void {
    const [now, waited] = [performance.now(), waitedForCpu()];
    this.#blockMs = Math.max(this.#blockMs, now - this.#tickedAt - (waited - this.#waitedMs) - TICK_MS);
    this.#peakBytes = Math.max(this.#peakBytes, process.memoryUsage.rss());
    [this.#tickedAt, this.#waitedMs] = [now, waited];
  }
}

/** How long the main thread was ready to run but had no CPU, in all; Linux counts that, others do not tell. */
function waitedForCpu(): number {
  try {
    return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, "latin1").split(" ")[1]) / 1e6;
  } catch {
    return 0;
  }
}
