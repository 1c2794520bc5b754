import { every, SerialQueue } from "../../base/async";
import { DisposableStore, type Disposable } from "../../base/disposable";
import { Emitter } from "../../base/event";
import type { Activity } from "../metrics/activity";
import { costOf, hourlyRate } from "./cost";
import { dollarsWithin, grown, MAX_LIFETIME_MS, type Reading } from "../spec/reading";
import { isRunning, livedWithin, sandboxIdOf, type RunningSandbox, type Sandbox } from "../sandbox";
import type { SandboxChange, SandboxStore } from "../sandboxStore";
import { Readings, type ReadingsOptions } from "./readings";
import { startOfDay } from "./spending";

export interface CostMeterOptions extends ReadingsOptions {
  readonly store: SandboxStore;
  readonly activity: Pick<Activity, "useOf" | "onDidChangeActivity">;
  /** Names the current account, environment and app. */
  readonly scope: () => string;
  /** True on the local backend, which bills nothing. */
  readonly isFree: () => boolean;
}

export interface MeteredSandbox {
  readonly sandbox: Sandbox;
  /** US dollars. */
  readonly perHour: number;
  readonly soFar: number;
  /** True until the server reports usage. */
  readonly isEstimate: boolean;
}

/** The cost of one sandbox up to now. */
export interface Spent {
  /** US dollars. */
  readonly dollars: number;
  /** True until the server reports usage. */
  readonly isEstimate: boolean;
}

/** The costs of this machine's sandboxes in US dollars. */
export interface Costs {
  readonly isFree: boolean;
  /** The sandboxes that are billed right now. */
  readonly sandboxes: readonly MeteredSandbox[];
  readonly perHour: number;
  readonly today: number;
  readonly isTodayEstimate: boolean;
}

/** How often costs are read and written. A crash loses at most this much time. */
const INTERVAL_MS = 60_000;

/** Running sandboxes are listed once a minute, unless this machine sleeps or is offline. */
const UNSEEN_MS = 3 * INTERVAL_MS;

/**
 * Why a sandbox left the store: it ended earlier, this window terminated it, or it is out of sight, as in another
 * account.
 */
type Leave = "ended" | "terminated" | "outOfSight";

/** The end of today is open, so that costs are still counted after the clock was set back. */
const LATER = Number.POSITIVE_INFINITY;

/** Tracks the costs of this machine's sandboxes, whichever window created them. */
export class CostMeter implements Disposable {
  readonly #options: CostMeterOptions;
  readonly #own = new DisposableStore();
  readonly #changed = new Emitter<void>();
  readonly onDidChangeCosts = this.#changed.event;
  readonly #readings: Readings;
  /** Ids by key. A sandbox loses its id when it ends. */
  readonly #ids = new Map<string, string>();
  readonly #updates = new SerialQueue();

  constructor(options: CostMeterOptions) {
    this.#options = options;
    this.#readings = new Readings(options);
    this.#own.add(options.store.onDidChangeSandboxes((change) => this.#onSandboxes(change)));
    this.#own.add(
      options.activity.onDidChangeActivity((id) => {
        const sandbox = options.store.findById(id);
        if (sandbox && isRunning(sandbox)) this.#use(sandbox);
      }),
    );
    this.#own.add(every(INTERVAL_MS, () => void this.#readings.noted(this.update())));
  }

  get costs(): Costs {
    const { clock, rates, isFree } = this.#options;
    const now = clock.now();
    const midnight = startOfDay(now);
    const billed = this.#billed();
    const readings = this.#readings.all
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

  /** Returns the cost of a running sandbox, even one of another machine. */
  spentOn(sandbox: RunningSandbox): Spent {
    const { clock, rates } = this.#options;
    const { id, startedAt } = sandbox.phase;
    const known = this.#readings.get(id);
    const livedMs = livedWithin(sandbox, clock.now() - startedAt);
    if (!known) return { dollars: costOf(sandbox, livedMs, rates.current), isEstimate: true };
    return { dollars: this.#live(known, clock.now()).dollars, isEstimate: !known.isMeasured };
  }

  /**
   * Returns the cost of a sandbox in US dollars, `undefined` if it is unknown. An upper bound if no window saw the
   * sandbox end.
   */
  spentBy(id: string): number | undefined {
    const { clock, rates } = this.#options;
    const known = this.#readings.get(id);
    return known && (known.isFinal ? known : grown(known, clock.now(), rates.current)).dollars;
  }

  /** Loads the costs of sandboxes that have lived since then, including those of closed windows. */
  async recall(since: number): Promise<void> {
    await this.#readings.recall(since);
  }

  /** Returns the US dollars spent today and on each previous day, today first. */
  async lastDays(count: number): Promise<number[]> {
    const { clock } = this.#options;
    const now = clock.now();
    await this.#readings.learnSince(startOfDay(now, count - 1));
    const readings = this.#readings.all.map((reading) => this.#live(reading, now));
    return Array.from({ length: count }, (_, daysAgo) => {
      const [from, to] = [startOfDay(now, daysAgo), daysAgo === 0 ? LATER : startOfDay(now, daysAgo - 1)];
      return readings.reduce((sum, reading) => sum + dollarsWithin(reading, from, to), 0);
    });
  }

  /** Reads the costs of running sandboxes, and loads what other windows have read. */
  async update(): Promise<void> {
    await this.#updates.run(async () => {
      const { clock } = this.#options;
      await this.#readings.prune();
      const ours = this.#billed().filter(({ holder }) => holder === "thisWindow" || holder === "nobody");
      await Promise.all(ours.filter(isRunning).map(({ phase }) => this.#readings.read(phase.id)));
      await this.#readings.recall(startOfDay(clock.now()));
    });
    this.#changed.fire();
  }

  /**
   * Takes final readings of sandboxes that ended while no window was open. Called after the server was asked for its
   * list at `listedAt`. Windows read costs every minute, so a more recent reading may belong to a sandbox that started
   * after the list.
   */
  async settle(signal: AbortSignal, listedAt: number): Promise<void> {
    const { store, scope, clock } = this.#options;
    for (const sandbox of this.#billed().filter(isRunning)) this.#see(sandbox, listedAt);
    const [since, silentSince] = [clock.now() - 2 * MAX_LIFETIME_MS, clock.now() - 2 * INTERVAL_MS];
    const ended = this.#readings.all.filter(
      (reading) =>
        !reading.isFinal &&
        reading.scope === scope() &&
        reading.startedAt > since &&
        reading.at < silentSince &&
        !store.findById(reading.id),
    );
    for (const reading of ended) {
      signal.throwIfAborted();
      // Without a window it kept running until one of its limits ended it.
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
    this.#readings.set({
      id,
      startedAt,
      timeoutMs,
      seenAt: startedAt,
      scope: this.#options.scope(),
      billable: { gpu, cpu, memoryMiB, ...(regions && { regions }) },
      at: startedAt,
      dollars: 0,
      isMeasured: false,
      isFinal: false,
    });
    this.#see(sandbox, startedAt);
  }

  /** Records that the sandbox was running at that time. */
  #see(sandbox: RunningSandbox, at: number): void {
    const known = this.#readings.get(sandbox.phase.id);
    if (!known || known.isFinal) return;
    this.#readings.set({ ...known, seenAt: at });
    this.#use(sandbox);
  }

  /** Records when the idle limit will end the sandbox. Only the window that holds it knows how it is used. */
  #use(sandbox: RunningSandbox): void {
    const known = this.#readings.get(sandbox.phase.id);
    if (!known || known.isFinal || sandbox.holder !== "thisWindow") return;
    const use = this.#options.activity.useOf(sandbox);
    const leftMs = use?.kind === "idle" ? use.leftMs : undefined;
    const idleEndsAt = leftMs === undefined ? undefined : this.#options.clock.now() + leftMs;
    this.#readings.set({ ...known, idleEndsAt });
  }

  #leave(key: string, at: number, reason: Leave): void {
    const id = this.#ids.get(key);
    const known = id === undefined ? undefined : this.#readings.get(id);
    this.#ids.delete(key);
    if (!known || known.isFinal) return;
    const isFinal = reason !== "outOfSight";
    const { seenAt = known.startedAt } = known;
    // A sandbox that this window terminates ran until now, unless no list has shown it for a while.
    const isWitnessed = reason === "terminated" && at - seenAt < UNSEEN_MS;
    const seen = isWitnessed ? { ...known, seenAt: at } : known;
    const last = { ...grown(seen, at, this.#options.rates.current), isFinal };
    this.#readings.set(last);
    // Save first, so that other windows count it: the server may take a while to report usage.
    const saving = this.#options.spending.save(last);
    const closing = async () => {
      await saving;
      if (isFinal) await this.#close(last);
    };
    void this.#readings.noted(this.#updates.run(closing));
  }

  /** Takes the final reading of a sandbox that has ended. */
  async #close(reading: Reading): Promise<void> {
    await this.#readings.close(reading);
    this.#changed.fire();
  }

  /** Extrapolates the reading of a running sandbox to `now`. */
  #live(reading: Reading, now: number): Reading {
    return reading.isFinal || !this.#options.store.findById(reading.id)
      ? reading
      : grown(reading, now, this.#options.rates.current);
  }

  /** The billed sandboxes that this machine created. */
  #billed(): Sandbox[] {
    return this.#options.store.all.filter((sandbox) => isOfThisMachine(sandbox) && BILLED.includes(sandbox.phase.kind));
  }
}

const BILLED: readonly Sandbox["phase"]["kind"][] = ["running", "pausing", "stopping"];

/** Other machines track the costs of their own sandboxes. */
export const isOfThisMachine = ({ holder }: Sandbox): boolean => holder !== "elsewhere";
