import type { Disposable } from "../../base/disposable";
import { Emitter } from "../../base/event";
import { formatDollars } from "../../base/format";
import type { Clock } from "../../base/ports";
import type { ArgumentSet } from "../target/argumentSets";
import { dollarsOf } from "../compare/comparison";
import { isFinished, type Run } from "../run";

export interface SweepLimits {
  /** The number of sandboxes at the same time. */
  readonly parallel: number;
  /** In US dollars, `undefined` for no limit. */
  readonly dollars: number | undefined;
}

export type SweepRun = Pick<Run, "id" | "state" | "finished" | "stop">;

/** The sandboxes of a sweep, by number. */
export interface SweepLanes<R extends SweepRun> {
  /** Runs an argument set on the lane's sandbox. The first run creates it, and the others reuse it. */
  start(args: ArgumentSet, lane: number, index: number): R;
  /** Terminates the lane's sandbox, if it has one. */
  end(lane: number): Promise<void>;
  /** The cost of all lanes so far in US dollars. */
  readonly spent: number;
  /** The price of one lane. */
  readonly dollarsPerHour: number;
}

/** An argument set. It has a run and a lane once it is started, or a reason why it will never be. */
export interface SweepEntry<R extends SweepRun> {
  readonly args: ArgumentSet;
  readonly run?: R;
  readonly lane?: number;
  readonly skipped?: string;
}

/** The minimum cost of a run, in hours of its sandbox, until one run has finished. */
const UNKNOWN_HOURS = 1 / 60;

/**
 * Runs a file with each of several argument sets, a few at a time. Each run is expected to cost as much as the most
 * expensive one so far. If that would bring the total to the limit, no further run is started, but running ones may
 * finish.
 */
export class Sweep<R extends SweepRun> implements Disposable {
  readonly limits: SweepLimits;
  readonly #lanes: SweepLanes<R>;
  readonly #clock: Clock;
  readonly #changed = new Emitter<void>();
  /** Fires when an entry changes, but not when the state of its run does. */
  readonly onDidChangeSweep = this.#changed.event;
  readonly finished: Promise<void>;
  #entries: readonly SweepEntry<R>[];
  #isLeft = false;

  /** Starts immediately. Some entries may already have runs. */
  constructor(entries: readonly SweepEntry<R>[], limits: SweepLimits, lanes: SweepLanes<R>, clock: Clock) {
    this.limits = limits;
    this.#lanes = lanes;
    this.#clock = clock;
    this.#entries = entries;
    const count = Math.min(limits.parallel, entries.length);
    this.finished = Promise.all(Array.from({ length: count }, (_, lane) => this.#work(lane))).then(() => undefined);
  }

  get entries(): readonly SweepEntry<R>[] {
    return this.#entries;
  }

  /** True if no run is in progress and none is waiting. */
  get isFinished(): boolean {
    return this.#waiting < 0 && this.#running.length === 0;
  }

  get spent(): number {
    return this.#lanes.spent;
  }

  /** Starts no further run and stops those in progress. Resolves when they are gone. */
  async stop(): Promise<void> {
    this.#skipRest("stopped");
    await Promise.all(this.#running.map((run) => run.stop()));
  }

  /** Starts no further run, but lets those in progress continue. A later window resumes the sweep. */
  dispose(): void {
    this.#isLeft = true;
    this.#changed.dispose();
  }

  async #work(lane: number): Promise<void> {
    try {
      for (let run = this.#runningOn(lane) ?? this.#startNext(lane); run; run = this.#startNext(lane)) {
        await run.finished;
        this.#changed.fire();
      }
    } finally {
      if (!this.#isLeft) await this.#lanes.end(lane);
    }
  }

  #runningOn(lane: number): R | undefined {
    return this.#entries.find((entry) => entry.lane === lane && entry.run && !isFinished(entry.run.state))?.run;
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

  /** Returns the index of the next entry to start, -1 if there is none. */
  #next(): number {
    const { dollars } = this.limits;
    if (this.#waiting >= 0 && dollars !== undefined && this.#wouldSpend() >= dollars)
      this.#skipRest(`spending limit of ${formatDollars(dollars)}`);
    return this.#waiting;
  }

  /** Returns the expected total after another run is started and all runs have finished. */
  #wouldSpend(): number {
    const runs = this.#entries.flatMap(({ run }) => (run ? [run] : []));
    const costs = runs.map(({ state }) => dollarsOf(state, this.#clock.now()) ?? 0);
    const hasShown = runs.some(({ state }) => state.kind === "ended");
    const expected = Math.max(hasShown ? 0 : this.#lanes.dollarsPerHour * UNKNOWN_HOURS, ...costs);
    const stillToCome = runs.map(({ state }, index) => (isFinished(state) ? 0 : expected - (costs[index] ?? 0)));
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
    return this.#entries.flatMap(({ run }) => (run && !isFinished(run.state) ? [run] : []));
  }
}
