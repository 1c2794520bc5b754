import type { Disposable } from "../../base/disposable";
import { Emitter } from "../../base/event";
import { formatDollars } from "../../base/format";
import type { Clock } from "../../base/ports";
import type { ArgumentSet } from "../target/argumentSets";
import { dollarsOf } from "../compare/comparison";
import { isOver, type Run } from "../run";

export interface SweepLimits {
  /** So many sandboxes at once. */
  readonly parallel: number;
  /** US dollars; `undefined` for no limit. */
  readonly dollars: number | undefined;
}

export type SweepRun = Pick<Run, "id" | "state" | "over" | "stop">;

/** The sandboxes of a sweep, by their number. */
export interface SweepLanes<R extends SweepRun> {
  /** Runs a set on the lane's sandbox, which is created for the first and used again for the others. */
  start(args: ArgumentSet, lane: number, index: number): R;
  /** Ends the lane's sandbox, if it has one. */
  end(lane: number): Promise<void>;
  /** What all lanes have cost so far, in US dollars. */
  readonly spent: number;
  /** Of one lane. */
  readonly dollarsPerHour: number;
}

/** An argument set with its run and the number of its sandbox, once it is started, or why it never will be. */
export interface SweepEntry<R extends SweepRun> {
  readonly args: ArgumentSet;
  readonly run?: R;
  readonly lane?: number;
  readonly skipped?: string;
}

/** What a run is taken to cost at least until one has shown it. */
const UNKNOWN_HOURS = 1 / 60;

/**
 * Runs a file over argument sets, a few at a time. None is started any more once what was spent and what the runs under
 * way and the next may cost, which is as much as the dearest so far, reach the limit; what runs is left to finish.
 */
export class Sweep<R extends SweepRun> implements Disposable {
  readonly limits: SweepLimits;
  readonly #lanes: SweepLanes<R>;
  readonly #clock: Clock;
  readonly #changed = new Emitter<void>();
  /** Fires when an entry changes; not for what happens within its run. */
  readonly onDidChangeSweep = this.#changed.event;
  readonly over: Promise<void>;
  #entries: readonly SweepEntry<R>[];
  #isLeft = false;

  /** Starts at once, beside the runs that some entries may have already. */
  constructor(entries: readonly SweepEntry<R>[], limits: SweepLimits, lanes: SweepLanes<R>, clock: Clock) {
    this.limits = limits;
    this.#lanes = lanes;
    this.#clock = clock;
    this.#entries = entries;
    const count = Math.min(limits.parallel, entries.length);
    this.over = Promise.all(Array.from({ length: count }, (_, lane) => this.#work(lane))).then(() => undefined);
  }

  get entries(): readonly SweepEntry<R>[] {
    return this.#entries;
  }

  /** Whether nothing runs or waits any more. */
  get isOver(): boolean {
    return this.#waiting < 0 && this.#running.length === 0;
  }

  get spent(): number {
    return this.#lanes.spent;
  }

  /** Starts no other and stops those that run; settles when they are gone. */
  async stop(): Promise<void> {
    this.#skipRest("stopped");
    await Promise.all(this.#running.map((run) => run.stop()));
  }

  /** Starts no other and leaves what runs as it is, for a later window to go on with. */
  dispose(): void {
    this.#isLeft = true;
    this.#changed.dispose();
  }

  async #work(lane: number): Promise<void> {
    try {
      for (let run = this.#runningOn(lane) ?? this.#startNext(lane); run; run = this.#startNext(lane)) {
        await run.over;
        this.#changed.fire();
      }
    } finally {
      if (!this.#isLeft) await this.#lanes.end(lane);
    }
  }

  #runningOn(lane: number): R | undefined {
    return this.#entries.find((entry) => entry.lane === lane && entry.run && !isOver(entry.run.state))?.run;
  }

  #startNext(lane: number): R | undefined {
    const index = this.#next();
    const next = this.#entries[index];
    if (this.#isLeft || !next) return undefined;
    const run = this.#lanes.start(next.args, lane, index);
    this.#entries = this.#entries.with(index, { ...next, run, lane });
    this.#changed.fire();
    return run;
  }

  /** The index of the next entry to start; -1 for none. */
  #next(): number {
    const { dollars } = this.limits;
    if (this.#waiting >= 0 && dollars !== undefined && this.#wouldSpend() >= dollars)
      this.#skipRest(`spending limit of ${formatDollars(dollars)}`);
    return this.#waiting;
  }

  /** What all comes to once another is started and ends with those that run. */
  #wouldSpend(): number {
    const runs = this.#entries.flatMap(({ run }) => (run ? [run] : []));
    const costs = runs.map(({ state }) => dollarsOf(state, this.#clock.now()) ?? 0);
    const hasShown = runs.some(({ state }) => state.kind === "ended");
    const expected = Math.max(hasShown ? 0 : this.#lanes.dollarsPerHour * UNKNOWN_HOURS, ...costs);
    const stillToCome = runs.map(({ state }, index) => (isOver(state) ? 0 : expected - (costs[index] ?? 0)));
    return this.spent + stillToCome.reduce((sum, more) => sum + more, 0) + expected;
  }

  #skipRest(reason: string): void {
    this.#entries = this.#entries.map((entry) => (entry.run ? entry : { skipped: reason, ...entry }));
    this.#changed.fire();
  }

  get #waiting(): number {
    return this.#entries.findIndex(({ run, skipped }) => !run && skipped === undefined);
  }

  get #running(): R[] {
    return this.#entries.flatMap(({ run }) => (run && !isOver(run.state) ? [run] : []));
  }
}
