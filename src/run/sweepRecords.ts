import { messageOf } from "../base/errors";
import { isObject, isWords } from "../base/guards";
import type { Logger, Memento } from "../base/ports";
import type { GpuRequest } from "../modal/gpus";
import type { ArgumentSet } from "./argumentSets";
import { isSavedTarget, withoutVariables } from "./savedTarget";
import type { SweepLimits } from "./sweep";
import type { RunTarget } from "./target";

/** What is run, and where. */
export interface SweepPlan {
  readonly target: RunTarget;
  /** Absolute path of the folder that is synced. */
  readonly folder: string | undefined;
  readonly remotePath: string;
  readonly gpu: GpuRequest | undefined;
  /** The name of the spec, where it is one. */
  readonly spec?: string;
  readonly limits: SweepLimits;
}

/** What is kept of a sweep that is not over, so that a later window can go on with it. */
export interface SweepRecord extends SweepPlan {
  readonly id: string;
  /** The window that runs it; absent in what earlier versions wrote. */
  readonly windowId?: string;
  readonly sets: readonly SavedSet[];
}

/** An argument set, with its run once it has one, or why it came to none. */
export interface SavedSet {
  readonly args: ArgumentSet;
  readonly lane?: number;
  readonly runId?: string;
  readonly skipped?: string;
}

const SWEEPS = "modalSandboxes.sweeps";

/** The sweeps of this folder that are not over, be they another window's. */
export class SweepRecords {
  readonly #state: Memento;
  readonly #log: Logger;

  constructor(state: Memento, log: Logger) {
    this.#state = state;
    this.#log = log;
  }

  get all(): readonly SweepRecord[] {
    const stored = this.#state.get(SWEEPS);
    return Array.isArray(stored) ? stored.filter(isRecord) : [];
  }

  put(record: SweepRecord): void {
    this.#write([...this.#others(record.id), { ...record, target: withoutVariables(record.target) }]);
  }

  remove(id: string): void {
    this.#write(this.#others(id));
  }

  #others(id: string): SweepRecord[] {
    return this.all.filter((record) => record.id !== id);
  }

  #write(records: readonly SweepRecord[]): void {
    this.#state.update(SWEEPS, records).then(undefined, (error: unknown) => {
      this.#log.warn(`Record of a sweep: ${messageOf(error)}`);
    });
  }
}

function isRecord(value: unknown): value is SweepRecord {
  if (!isObject(value) || !isSavedTarget(value.target) || !isObject(value.limits)) return false;
  const { id, windowId, folder, remotePath, gpu, spec, limits, sets } = value;
  return (
    typeof id === "string" &&
    typeof remotePath === "string" &&
    [windowId, folder, spec].every((text) => text === undefined || typeof text === "string") &&
    (gpu === undefined || isObject(gpu)) &&
    typeof limits.parallel === "number" &&
    (limits.dollars === undefined || typeof limits.dollars === "number") &&
    Array.isArray(sets) &&
    sets.every(isSet)
  );
}

const isSet = (value: unknown): value is SavedSet =>
  isObject(value) &&
  isWords(value.args) &&
  (value.lane === undefined || typeof value.lane === "number") &&
  [value.runId, value.skipped].every((text) => text === undefined || typeof text === "string");
