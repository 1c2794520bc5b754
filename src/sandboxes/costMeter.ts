import { Lazy, SerialQueue } from "../base/async";
import { DisposableStore, toDisposable, type Disposable } from "../base/disposable";
import { messageOf } from "../base/errors";
import { Emitter } from "../base/event";
import type { Clock, Logger } from "../base/ports";
import type { RateSource } from "../modal/rates";
import type { Usage } from "../modal/usage";
import { costOf, costOfUsage, hourlyRate, msFor } from "./cost";
import { isRunning, sandboxIdOf, type RunningSandbox, type Sandbox } from "./sandbox";
import type { SandboxChange, SandboxStore } from "./sandboxStore";
import { dollarsWithin, isLater, MAX_LIFETIME_MS, startOfDay, type Reading, type Spending } from "./spending";

export interface CostMeterOptions {
  readonly store: SandboxStore;
  readonly usage: { ofSandbox(id: string, signal: AbortSignal): Promise<Usage | undefined> };
  readonly spending: Spending;
  readonly rates: RateSource;
  /** Names the account, environment and app of the moment. */
  readonly scope: () => string;
  /** Whether nothing is billed: on the local backend. */
  readonly isFree: () => boolean;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface MeteredSandbox {
  readonly sandbox: Sandbox;
  /** US dollars. */
  readonly perHour: number;
  readonly soFar: number;
  /** The server has not said what was used. */
  readonly isEstimate: boolean;
}

/** What one sandbox has cost until a moment. */
export interface Spent {
  /** US dollars. */
  readonly dollars: number;
  /** The server has not said what was used. */
  readonly isEstimate: boolean;
}

/** What this machine's sandboxes cost, in US dollars. */
export interface Costs {
  readonly isFree: boolean;
  /** Those that are billed at the moment. */
  readonly sandboxes: readonly MeteredSandbox[];
  readonly perHour: number;
  readonly today: number;
  readonly isTodayEstimate: boolean;
}

/** How often what was spent is read and written: as much of it a crash may lose. */
const INTERVAL_MS = 60_000;

const USAGE_TIMEOUT_MS = 20_000;

/** Keeps account of what the sandboxes of this machine cost, whichever window made them. */
export class CostMeter implements Disposable {
  readonly #options: CostMeterOptions;
  readonly #own = new DisposableStore();
  readonly #changed = new Emitter<void>();
  readonly onDidChangeCosts = this.#changed.event;
  readonly #readings = new Map<string, Reading>();
  /** Ids by key, for those that lose theirs with their end. */
  readonly #ids = new Map<string, string>();
  readonly #updates = new SerialQueue();
  readonly #pruned: Lazy<void>;

  constructor(options: CostMeterOptions) {
    this.#options = options;
    this.#pruned = new Lazy(() => options.spending.prune(options.clock.now()));
    this.#own.add(
      options.store.onDidChangeSandboxes((change) => {
        this.#onSandboxes(change);
      }),
    );
    const timer = setInterval(() => {
      void this.#noted(this.update());
    }, INTERVAL_MS).unref();
    this.#own.add(
      toDisposable(() => {
        clearInterval(timer);
      }),
    );
  }

  get costs(): Costs {
    const { clock, rates, isFree } = this.#options;
    const now = clock.now();
    const midnight = startOfDay(now);
    const billed = this.#billed();
    const readings = [...this.#readings.values()]
      .map((reading) => this.#live(reading, now))
      .filter((reading) => dollarsWithin(reading, midnight, now) > 0);
    const sandboxes = billed.map((sandbox) => {
      const known = this.#readings.get(sandboxIdOf(sandbox) ?? "");
      const reading = known && this.#live(known, now);
      return {
        sandbox,
        perHour: isFree() ? 0 : hourlyRate(sandbox, rates.current),
        soFar: reading?.dollars ?? 0,
        isEstimate: !reading?.isMeasured,
      };
    });
    return {
      isFree: isFree(),
      sandboxes,
      perHour: sandboxes.reduce((sum, { perHour }) => sum + perHour, 0),
      today: readings.reduce((sum, reading) => sum + dollarsWithin(reading, midnight, now), 0),
      isTodayEstimate: readings.some(({ isMeasured }) => !isMeasured),
    };
  }

  /** What a sandbox has cost, be it another machine's. */
  spentOn(sandbox: RunningSandbox): Spent {
    const { clock, rates } = this.#options;
    const { id, startedAt } = sandbox.phase;
    const known = this.#readings.get(id);
    if (!known) return { dollars: costOf(sandbox, clock.now() - startedAt, rates.current), isEstimate: true };
    return { dollars: this.#live(known, clock.now()).dollars, isEstimate: !known.isMeasured };
  }

  /** US dollars spent on this day and on each of the days before, today first. */
  async lastDays(count: number): Promise<number[]> {
    const { clock } = this.#options;
    const now = clock.now();
    await this.#learnSince(startOfDay(now, count - 1), now);
    const readings = [...this.#readings.values()].map((reading) => this.#live(reading, now));
    return Array.from({ length: count }, (_, daysAgo) => {
      const [from, to] = [startOfDay(now, daysAgo), daysAgo === 0 ? now : startOfDay(now, daysAgo - 1)];
      return readings.reduce((sum, reading) => sum + dollarsWithin(reading, from, to), 0);
    });
  }

  /** Takes readings of what runs, and takes up those of other windows. */
  async update(): Promise<void> {
    await this.#updates.run(async () => {
      const { clock } = this.#options;
      await this.#noted(this.#pruned.get());
      const ours = this.#billed().filter(({ holder }) => holder === "thisWindow" || holder === "nobody");
      await Promise.all(ours.filter(isRunning).map(({ phase }) => this.#read(phase)));
      const now = clock.now();
      await this.#noted(this.#learnSince(startOfDay(now), now));
    });
    this.#changed.fire();
  }

  /**
   * After a list of the server: takes last readings of what ended while no window was there to see it. Windows read what
   * runs each minute, so that what is newer may have started after the list.
   */
  async settle(signal: AbortSignal): Promise<void> {
    const { store, scope, clock } = this.#options;
    const [since, silentSince] = [clock.now() - 2 * MAX_LIFETIME_MS, clock.now() - 2 * INTERVAL_MS];
    const ended = [...this.#readings.values()].filter(
      (reading) =>
        !reading.isOver &&
        reading.scope === scope() &&
        reading.startedAt > since &&
        reading.at < silentSince &&
        !store.findById(reading.id),
    );
    for (const reading of ended) {
      signal.throwIfAborted();
      await this.#close(reading);
    }
  }

  dispose(): void {
    this.#own.dispose();
    this.#changed.dispose();
  }

  #onSandboxes({ added, changed, removed }: SandboxChange): void {
    if (!this.#options.isFree())
      for (const sandbox of [...added, ...changed].filter(isOfThisMachine).filter(isRunning)) this.#begin(sandbox);
    for (const { key, phase } of changed) if (phase.kind === "ended") this.#leave(key, phase.endedAt, true);
    for (const { key, phase } of removed) this.#leave(key, this.#options.clock.now(), phase.kind === "stopping");
    this.#changed.fire();
  }

  #begin({ key, phase, gpu, cpu, memoryMiB, regions }: RunningSandbox): void {
    const { id, startedAt } = phase;
    this.#ids.set(key, id);
    if (this.#readings.has(id)) return;
    const start = { at: startedAt, dollars: 0, isMeasured: false, isOver: false };
    this.#readings.set(id, {
      ...{
        id,
        startedAt,
        scope: this.#options.scope(),
        billable: { gpu, cpu, memoryMiB, ...(regions && { regions }) },
      },
      ...start,
    });
  }

  /** A sandbox left: it has ended, or is only out of sight, as in another account. */
  #leave(key: string, at: number, isOver: boolean): void {
    const id = this.#ids.get(key);
    const known = id === undefined ? undefined : this.#readings.get(id);
    this.#ids.delete(key);
    if (!known || known.isOver) return;
    const last = { ...this.#grown(known, at), isOver };
    this.#readings.set(last.id, last);
    void this.#noted(this.#updates.run(() => (isOver ? this.#close(last) : this.#options.spending.save(last))));
  }

  /** Takes the last reading of a sandbox that has ended. */
  async #close(reading: Reading): Promise<void> {
    const now = this.#options.clock.now();
    const usage = await this.#usageOf(reading.id);
    const last = usage ? this.#measured(reading, usage, reading.at) : reading;
    // Where nobody saw it end, it lived at least as long as it takes to cost that much.
    const livedMs = msFor(last.dollars, last.billable, this.#options.rates.current);
    await this.#keep({ ...last, at: Math.max(last.at, Math.min(now, last.startedAt + livedMs)), isOver: true });
    this.#changed.fire();
  }

  async #read({ id }: RunningSandbox["phase"]): Promise<void> {
    const usage = await this.#usageOf(id);
    const known = this.#readings.get(id);
    if (!known || known.isOver) return;
    const at = this.#options.clock.now();
    await this.#keep(usage ? this.#measured(known, usage, at) : this.#grown(known, at));
  }

  async #keep(reading: Reading): Promise<void> {
    this.#readings.set(reading.id, reading);
    await this.#noted(this.#options.spending.save(reading));
  }

  #usageOf(id: string): Promise<Usage | undefined> {
    return this.#options.usage.ofSandbox(id, AbortSignal.timeout(USAGE_TIMEOUT_MS)).catch((error: unknown) => {
      this.#options.log.debug(`Usage of ${id}: ${messageOf(error)}`);
      return undefined;
    });
  }

  async #learnSince(from: number, to: number): Promise<void> {
    for (const reading of await this.#options.spending.load(from, to)) this.#learn(reading);
  }

  #learn(reading: Reading): void {
    const known = this.#readings.get(reading.id);
    if (!known || isLater(reading, known)) this.#readings.set(reading.id, reading);
  }

  #measured(reading: Reading, usage: Usage, at: number): Reading {
    const { billable, startedAt } = reading;
    const dollars = costOfUsage(usage, billable, at - startedAt, this.#options.rates.current);
    return { ...reading, at, dollars, isMeasured: true };
  }

  /** A reading of a sandbox that is billed, with what it cost since. */
  #live(reading: Reading, now: number): Reading {
    return reading.isOver || !this.#options.store.findById(reading.id) ? reading : this.#grown(reading, now);
  }

  #grown(reading: Reading, at: number): Reading {
    // From its start where nothing was measured, for then all of it is by the rates of the moment.
    const [from, dollars] = reading.isMeasured ? [reading.at, reading.dollars] : [reading.startedAt, 0];
    const since = costOf(reading.billable, Math.max(0, at - from), this.#options.rates.current);
    return { ...reading, at, dollars: dollars + since };
  }

  /** What is billed of the sandboxes that this machine made. */
  #billed(): Sandbox[] {
    return this.#options.store.all.filter((sandbox) => isOfThisMachine(sandbox) && BILLED.includes(sandbox.phase.kind));
  }

  /** Never rejects: what cannot be kept on disk is known here all the same. */
  async #noted(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      this.#options.log.warn(`Account of costs: ${messageOf(error)}`);
    }
  }
}

const BILLED: readonly Sandbox["phase"]["kind"][] = ["running", "pausing", "stopping"];

/** Other machines keep account of theirs themselves. */
export const isOfThisMachine = ({ holder }: Sandbox): boolean => holder !== "elsewhere";
