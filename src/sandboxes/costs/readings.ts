import { Lazy } from "../../base/async";
import { messageOf } from "../../base/errors";
import type { Clock, Logger } from "../../base/ports";
import type { RateSource } from "../../modal/rates";
import type { Usage } from "../../modal/usage";
import { grown, isLater, MAX_LIFETIME_MS, measured, settled, type Reading } from "../spec/reading";
import type { Spending } from "./spending";

export interface ReadingsOptions {
  readonly usage: { ofSandbox(id: string, signal: AbortSignal): Promise<Usage | undefined> };
  readonly spending: Spending;
  readonly rates: RateSource;
  readonly clock: Clock;
  readonly log: Logger;
}

const USAGE_TIMEOUT_MS = 20_000;

/** The latest reading of each sandbox. Readings are kept on disk for later windows and other open ones. */
export class Readings {
  readonly #options: ReadingsOptions;
  readonly #byId = new Map<string, Reading>();
  readonly #pruned: Lazy<void>;

  constructor(options: ReadingsOptions) {
    this.#options = options;
    this.#pruned = new Lazy(() => options.spending.prune(options.clock.now()));
  }

  get all(): Reading[] {
    return [...this.#byId.values()];
  }

  get(id: string): Reading | undefined {
    return this.#byId.get(id);
  }

  has(id: string): boolean {
    return this.#byId.has(id);
  }

  /** Stores a reading in memory only. */
  set(reading: Reading): void {
    this.#byId.set(reading.id, reading);
  }

  /** Takes a reading of a running sandbox. */
  async read(id: string): Promise<void> {
    const usage = await this.#usageOf(id);
    const known = this.#byId.get(id);
    if (!known || known.isFinal) return;
    const { clock, rates } = this.#options;
    const now = clock.now();
    await this.#keep(usage ? measured(known, usage, now, rates.current) : grown(known, now, rates.current));
  }

  /** Takes the final reading of a sandbox that has ended. */
  async close(reading: Reading): Promise<void> {
    const usage = await this.#usageOf(reading.id);
    await this.#keep(settled(reading, usage, this.#options.rates.current));
  }

  /**
   * Loads readings that other windows took of the sandboxes that have lived since then. Rejects if the disk cannot be
   * read.
   */
  async learnSince(from: number): Promise<void> {
    const { spending, clock } = this.#options;
    for (const reading of await spending.load(from, clock.now() + 2 * MAX_LIFETIME_MS)) this.#learn(reading);
  }

  /** Like `learnSince`, but never rejects. */
  async recall(from: number): Promise<void> {
    await this.noted(this.learnSince(from));
  }

  /** Deletes readings that are too old to count, once. Never rejects. */
  async prune(): Promise<void> {
    await this.noted(this.#pruned.get());
  }

  /** Waits for disk access. Never rejects: a reading that cannot be stored is still in memory. */
  async noted(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      this.#options.log.warn(`Recording costs failed: ${messageOf(error)}`);
    }
  }

  async #keep(reading: Reading): Promise<void> {
    this.set(reading);
    await this.noted(this.#options.spending.save(reading));
  }

  #usageOf(id: string): Promise<Usage | undefined> {
    return this.#options.usage.ofSandbox(id, AbortSignal.timeout(USAGE_TIMEOUT_MS)).catch((error: unknown) => {
      this.#options.log.debug(`Reading the usage of ${id} failed: ${messageOf(error)}`);
      return undefined;
    });
  }

  #learn(reading: Reading): void {
    const known = this.#byId.get(reading.id);
    if (!known || isLater(reading, known)) this.set({ ...reading, ...lastSeen(known, reading) });
  }
}

const lastSeen = (...readings: readonly (Reading | undefined)[]): Pick<Reading, "seenAt"> => {
  const times = readings.flatMap((reading) => reading?.seenAt ?? []);
  return times.length > 0 ? { seenAt: Math.max(...times) } : {};
};
