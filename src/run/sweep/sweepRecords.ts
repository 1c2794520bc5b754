import { messageOf, UserError } from "../../base/errors";
import { isObject, isWords } from "../../base/guards";
import type { Logger, Memento } from "../../base/ports";
import type { GpuRequest } from "../../modal/gpus";
import type { EnvVault } from "../../sandboxes/ownership/envVault";
import type { ArgumentSet } from "../target/argumentSets";
import { HiddenWords, holdSecrets } from "../output/hiddenWords";
import { maskSecrets } from "../output/maskSecrets";
import { isSandboxUse, type SandboxUse } from "../sandboxUse";
import { isSavedTarget, withoutSecrets } from "../target/savedTarget";
import type { SweepLimits } from "./sweep";
import type { RunTarget } from "../target/target";

/** A sweep as the user requested it. */
export interface SweepPlan {
  readonly target: RunTarget;
  /** Absolute path of the synced folder. */
  readonly folder: string | undefined;
  readonly remotePath: string;
  readonly gpu: GpuRequest | undefined;
  /** The name of the spec, if it has one. */
  readonly spec?: string;
  readonly limits: SweepLimits;
}

/** The record of an unfinished sweep, from which a later window resumes it. */
export interface SweepRecord extends SweepPlan {
  readonly id: string;
  /** The window that runs the sweep. Absent in records of earlier versions. */
  readonly windowId?: string;
  readonly sets: readonly SavedSet[];
  /** The sandboxes that the sweep has used so far. */
  readonly uses?: readonly SandboxUse[];
  /** True if secrets in the arguments are masked. */
  readonly isMasked?: boolean;
}

/** An argument set, with its run once it has one, or the reason why it has none. */
export interface SavedSet {
  readonly args: ArgumentSet;
  readonly lane?: number;
  readonly runId?: string;
  readonly skipped?: string;
}

const SWEEPS = "modalSandboxes.sweeps";

/** The unfinished sweeps of this folder, including those of other windows. */
export class SweepRecords {
  readonly #state: Memento;
  readonly #hidden: HiddenWords;
  readonly #log: Logger;
  /** Ids of the sweeps whose secret arguments this window has stored. */
  readonly #kept = new Set<string>();

  constructor(state: Memento, vault: EnvVault, log: Logger) {
    this.#state = state;
    this.#hidden = new HiddenWords(vault);
    this.#log = log;
  }

  get all(): readonly SweepRecord[] {
    const stored = this.#state.get(SWEEPS);
    return Array.isArray(stored) ? stored.filter(isRecord) : [];
  }

  put(record: SweepRecord): void {
    const { id, target, sets } = record;
    const words = wordsOf(record);
    const isMasked = holdSecrets(words);
    // Neither call can fail: the vault logs its errors.
    if (isMasked && !this.#kept.has(id)) void this.#hidden.keep(ownerOf(id), words);
    if (isMasked) this.#kept.add(id);
    const shown = {
      target: withoutSecrets(target),
      sets: sets.map((set) => ({ ...set, args: maskSecrets(set.args) })),
      ...(isMasked && { isMasked }),
    };
    this.#write([...this.#others(id), { ...record, ...shown }]);
  }

  remove(id: string): void {
    if (this.all.some((record) => record.id === id && record.isMasked)) void this.#hidden.forget(ownerOf(id));
    this.#write(this.#others(id));
  }

  /** Returns the record with its secret arguments restored. */
  async unmasked(record: SweepRecord): Promise<SweepRecord> {
    if (!record.isMasked) return record;
    const [argv, args, ...sets] = (await this.#hidden.of(ownerOf(record.id))) ?? [];
    if (!argv || !args || sets.length !== record.sets.length) throw argumentsLost(record.target.label);
    return {
      ...record,
      target: { ...record.target, argv, ...(record.target.args && { args }) },
      sets: record.sets.map((set, index) => ({ ...set, args: sets[index] ?? set.args })),
    };
  }

  #others(id: string): SweepRecord[] {
    return this.all.filter((record) => record.id !== id);
  }

  #write(records: readonly SweepRecord[]): void {
    this.#state
      .update(SWEEPS, records)
      .then(undefined, (error: unknown) =>
        this.#log.warn(`Updating the record of a sweep failed: ${messageOf(error)}`),
      );
  }
}

/** The name under which the vault stores the sweep's secret arguments. */
const ownerOf = (id: string) => `sweep ${id}`;

const wordsOf = ({ target: { argv, args = [] }, sets }: SweepRecord) => [argv, args, ...sets.map((set) => set.args)];

const argumentsLost = (label: string) =>
  new UserError(
    `The secret arguments of the sweep of ${label} are no longer available. Discard the sweep and start a new one.`,
  );

function isRecord(value: unknown): value is SweepRecord {
  if (!isObject(value) || !isSavedTarget(value.target) || !isObject(value.limits)) return false;
  const { id, windowId, folder, remotePath, gpu, spec, limits, sets, uses } = value;
  return (
    typeof id === "string" &&
    typeof remotePath === "string" &&
    [windowId, folder, spec].every((text) => text === undefined || typeof text === "string") &&
    (gpu === undefined || isObject(gpu)) &&
    typeof limits.parallel === "number" &&
    (limits.dollars === undefined || typeof limits.dollars === "number") &&
    Array.isArray(sets) &&
    sets.every(isSet) &&
    (uses === undefined || (Array.isArray(uses) && uses.every(isSandboxUse)))
  );
}

const isSet = (value: unknown): value is SavedSet =>
  isObject(value) &&
  isWords(value.args) &&
  (value.lane === undefined || typeof value.lane === "number") &&
  [value.runId, value.skipped].every((text) => text === undefined || typeof text === "string");
