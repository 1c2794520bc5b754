import { every, Lazy, SerialQueue } from "../../base/async";
import { DisposableStore, type Disposable } from "../../base/disposable";
import { messageOf } from "../../base/errors";
import { Emitter } from "../../base/event";
import type { Clock, Logger } from "../../base/ports";
import type { RateSource } from "../../modal/rates";
import type { Usage } from "../../modal/usage";
import type { Activity } from "../metrics/activity";
import { costOf, hourlyRate } from "./cost";
import { dollarsWithin, grown, isLater, MAX_LIFETIME_MS, measured, settled, type Reading } from "../spec/reading";
import { isRunning, livedWithin, sandboxIdOf, type RunningSandbox, type Sandbox } from "../sandbox";
import type { SandboxChange, SandboxStore } from "../sandboxStore";
import { startOfDay, type Spending } from "./spending";

export interface CostMeterOptions {
  readonly store: SandboxStore;
  readonly usage: { ofSandbox(id: string, signal: AbortSignal): Promise<Usage | undefined> };
  readonly spending: Spending;
  readonly activity: Pick<Activity, "useOf" | "onDidChangeActivity">;
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

/** Sandboxes are listed each minute while some run, unless this machine sleeps or has no network. */
const UNSEEN_MS = 3 * INTERVAL_MS;

/** Why a sandbox leaves: it ended at some time, here and now, or is only out of sight, as in another account. */
type Leave = "ended" | "terminated" | "outOfSight";

/** A clock that was set back must not hide what was spent after that. */
const LATER = Number.POSITIVE_INFINITY;

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
    this.#own.add(
      options.activity.onDidChangeActivity((id) => {
        const sandbox = options.store.findById(id);
        if (sandbox && isRunning(sandbox)) this.#use(sandbox);
      }),
    );
    this.#own.add(
      every(INTERVAL_MS, () => {
        void this.#noted(this.update());
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
      .filter((reading) => dollarsWithin(reading, midnight, LATER) > 0);
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
      today: readings.reduce((sum, reading) => sum + dollarsWithin(reading, midnight, LATER), 0),
      isTodayEstimate: readings.some(({ isMeasured }) => !isMeasured),
    };
  }

  /** What a sandbox has cost, be it another machine's. */
  spentOn(sandbox: RunningSandbox): Spent {
    const { clock, rates } = this.#options;
    const { id, startedAt } = sandbox.phase;
    const known = this.#readings.get(id);
    const livedMs = livedWithin(sandbox, clock.now() - startedAt);
    if (!known) return { dollars: costOf(sandbox, livedMs, rates.current), isEstimate: true };
    return { dollars: this.#live(known, clock.now()).dollars, isEstimate: !known.isMeasured };
  }

  /** US dollars that a sandbox has cost, or may have where nobody saw its end; `undefined` where it is not known. */
  spentBy(id: string): number | undefined {
    const { clock, rates } = this.#options;
    const known = this.#readings.get(id);
    return known && (known.isOver ? known : grown(known, clock.now(), rates.current)).dollars;
  }

  /** Reads what the sandboxes that lived since then have cost, also those of windows that are gone. */
  async recall(since: number): Promise<void> {
    await this.#noted(this.#learnSince(since));
  }

  /** US dollars spent on this day and on each of the days before, today first. */
  async lastDays(count: number): Promise<number[]> {
    const { clock } = this.#options;
    const now = clock.now();
    await this.#learnSince(startOfDay(now, count - 1));
    const readings = [...this.#readings.values()].map((reading) => this.#live(reading, now));
    return Array.from({ length: count }, (_, daysAgo) => {
      const [from, to] = [startOfDay(now, daysAgo), daysAgo === 0 ? LATER : startOfDay(now, daysAgo - 1)];
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
      await this.#noted(this.#learnSince(startOfDay(clock.now())));
    });
    this.#changed.fire();
  }

  /**
   * After a list of the server, which was asked for at `listedAt`: takes last readings of what ended while no window was
   * there to see it. Windows read what runs each minute, so that what is newer may have started after the list.
   */
  async settle(signal: AbortSignal, listedAt: number): Promise<void> {
    const { store, scope, clock } = this.#options;
    for (const sandbox of this.#billed().filter(isRunning)) this.#see(sandbox, listedAt);
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
      // It lived on without a window, as long as its limits let it.
      await this.#close(grown(reading, clock.now(), this.#options.rates.current));
    }
  }

  dispose(): void {
    this.#own.dispose();
    this.#changed.dispose();
  }

  #onSandboxes({ added, changed, removed }: SandboxChange): void {
    if (!this.#options.isFree())
      for (const sandbox of [...added, ...changed].filter(isOfThisMachine).filter(isRunning)) this.#begin(sandbox);
    for (const { key, phase } of changed) if (phase.kind === "ended") this.#leave(key, phase.endedAt, "ended");
    for (const { key, phase } of removed)
      this.#leave(key, this.#options.clock.now(), phase.kind === "stopping" ? "terminated" : "outOfSight");
    this.#changed.fire();
  }

  #begin(sandbox: RunningSandbox): void {
    const { key, phase, gpu, cpu, memoryMiB, regions, timeoutMs } = sandbox;
    const { id, startedAt } = phase;
    this.#ids.set(key, id);
    if (this.#readings.has(id)) return;
    this.#readings.set(id, {
      ...{ id, startedAt, timeoutMs, seenAt: startedAt },
      scope: this.#options.scope(),
      billable: { gpu, cpu, memoryMiB, ...(regions && { regions }) },
      ...{ at: startedAt, dollars: 0, isMeasured: false, isOver: false },
    });
    this.#see(sandbox, startedAt);
  }

  /** It lived at that time. */
  #see(sandbox: RunningSandbox, at: number): void {
    const known = this.#readings.get(sandbox.phase.id);
    if (!known || known.isOver) return;
    this.#readings.set(known.id, { ...known, seenAt: at });
    this.#use(sandbox);
  }

  /** Notes until when its idle limit lets it live. Another window knows better how it uses what it holds. */
  #use(sandbox: RunningSandbox): void {
    const known = this.#readings.get(sandbox.phase.id);
    if (!known || known.isOver || sandbox.holder !== "thisWindow") return;
    const use = this.#options.activity.useOf(sandbox);
    const leftMs = use?.kind === "idle" ? use.leftMs : undefined;
    const idleEndsAt = leftMs === undefined ? undefined : this.#options.clock.now() + leftMs;
    this.#readings.set(known.id, { ...known, idleEndsAt });
  }

  #leave(key: string, at: number, reason: Leave): void {
    const id = this.#ids.get(key);
    const known = id === undefined ? undefined : this.#readings.get(id);
    this.#ids.delete(key);
    if (!known || known.isOver) return;
    const isOver = reason !== "outOfSight";
    const { seenAt = known.startedAt } = known;
    // What this window terminates lived until then, unless nobody has looked for a while.
    const isWitnessed = reason === "terminated" && at - seenAt < UNSEEN_MS;
    const seen = isWitnessed ? { ...known, seenAt: at } : known;
    const last = { ...grown(seen, at, this.#options.rates.current), isOver };
    this.#readings.set(last.id, last);
    // Other windows count it from here on; the server may take its time to say what was used.
    const saving = this.#options.spending.save(last);
    const closing = async () => {
      await saving;
      if (isOver) await this.#close(last);
    };
    void this.#noted(this.#updates.run(closing));
  }

  /** Takes the last reading of a sandbox that has ended. */
  async #close(reading: Reading): Promise<void> {
    const usage = await this.#usageOf(reading.id);
    await this.#keep(settled(reading, usage, this.#options.rates.current));
    this.#changed.fire();
  }

  async #read({ id }: RunningSandbox["phase"]): Promise<void> {
    const usage = await this.#usageOf(id);
    const known = this.#readings.get(id);
    if (!known || known.isOver) return;
    const { clock, rates } = this.#options;
    const now = clock.now();
    await this.#keep(usage ? measured(known, usage, now, rates.current) : grown(known, now, rates.current));
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

  async #learnSince(from: number): Promise<void> {
    for (const reading of await this.#options.spending.load(from, this.#options.clock.now() + 2 * MAX_LIFETIME_MS))
      this.#learn(reading);
  }

  #learn(reading: Reading): void {
    const known = this.#readings.get(reading.id);
    if (!known || isLater(reading, known)) this.#readings.set(reading.id, { ...reading, ...lastSeen(known, reading) });
  }

  /** A reading of a sandbox that is billed, with what it cost since. */
  #live(reading: Reading, now: number): Reading {
    return reading.isOver || !this.#options.store.findById(reading.id)
      ? reading
      : grown(reading, now, this.#options.rates.current);
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

const lastSeen = (...readings: readonly (Reading | undefined)[]): Pick<Reading, "seenAt"> => {
  const times = readings.flatMap((reading) => reading?.seenAt ?? []);
  return times.length > 0 ? { seenAt: Math.max(...times) } : {};
};

/** Other machines keep account of theirs themselves. */
export const isOfThisMachine = ({ holder }: Sandbox): boolean => holder !== "elsewhere";
