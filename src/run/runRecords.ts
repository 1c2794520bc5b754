import { rm } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../base/errors";
import { Emitter } from "../base/event";
import { isObject, isWords } from "../base/guards";
import { RecordFolder } from "../base/recordFolder";
import type { GpuRequest } from "../modal/gpus";
import type { EnvVault } from "../sandboxes/ownership/envVault";
import { HiddenWords, holdSecrets } from "./output/hiddenWords";
import { isSavedTarget, withoutSecrets } from "./target/savedTarget";
import { isStoppedBy, type StoppedBy } from "./runOutcome";
import type { RunTarget } from "./target/target";

/**
 * The record of a run whose program was started. A later window uses it to resume the run or to show it in the history.
 */
export interface RunRecord {
  readonly id: string;
  readonly group: string;
  /** Records on disk omit the variables' values, which may be secret, and mask secret arguments. */
  readonly target: RunTarget;
  /** The names of the target's variables. */
  readonly envNames?: readonly string[];
  /** True if secrets in the target's words are masked. */
  readonly isMasked?: boolean;
  readonly gpu: GpuRequest | undefined;
  readonly place?: RunPlace;
  readonly sandboxId: string;
  /** Absolute path of the synced folder. */
  readonly folder: string | undefined;
  readonly remotePath: string;
  readonly isBackground: boolean;
  /** The folder of its outputs, relative to the synced folder, if they don't replace the files there. */
  readonly outputs?: string;
  /** The number of its argument set in a sweep, counted from 0. */
  readonly setIndex?: number;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** When the push before the run began. Absent in records of earlier versions. */
  readonly pushedAt?: number;
  readonly end?: RunEnd;
}

/** The place that the run requested, if its GPU doesn't describe it fully: a named spec, or a certain sandbox. */
export type RunPlace = { readonly kind: "spec"; readonly name: string } | { readonly kind: "sandbox" };

/** `exitCode` is absent if the program was lost, usually together with its sandbox. */
export interface RunEnd {
  readonly endedAt: number;
  readonly dollars: number;
  readonly exitCode?: number;
  readonly stoppedBy?: StoppedBy;
  /** The number of outputs that could not be pulled. */
  readonly leftCount?: number;
  /** True if the pull did not finish. */
  readonly isPullFailed?: boolean;
}

/** The number of runs whose records and output are kept. */
const KEPT = 300;
const ENDS_PER_CLEANING = 20;

/** The runs of this installation, by id: those in progress, and the latest finished ones. */
export class RunRecords {
  readonly #folder: string;
  readonly #vault: EnvVault;
  readonly #hidden: HiddenWords;
  readonly #open: RecordFolder<RunRecord>;
  readonly #ended: RecordFolder<RunRecord>;
  #ends = 0;
  readonly #changed = new Emitter<undefined>();
  /** Fires when a run of this window has been added to the finished ones, or when records were deleted. */
  readonly onDidChangePast = this.#changed.event;

  /** `folder` is shared by all windows. */
  constructor(folder: string, vault: EnvVault) {
    this.#folder = join(folder, "runs");
    this.#vault = vault;
    this.#hidden = new HiddenWords(vault);
    this.#open = new RecordFolder(join(this.#folder, "open"), parseRecord);
    this.#ended = new RecordFolder(join(this.#folder, "ended"), parseRecord);
  }

  /** Returns the path of the file with a run's output. */
  logPath(id: string): string {
    return join(this.#folder, "logs", `${id}.log`);
  }

  async begin(record: RunRecord): Promise<void> {
    const owner = ownerOf(record);
    const keeping = [
      this.#vault.keep(owner, record.target.env ?? {}),
      this.#hidden.keep(owner, wordsOf(record.target)),
    ];
    await this.#open.put(record.id, saved(record));
    await Promise.all(keeping);
  }

  async end(record: RunRecord): Promise<void> {
    await this.#ended.put(record.id, saved(record));
    await this.#open.remove(record.id);
    if (this.#ends++ % ENDS_PER_CLEANING === 0) await this.#forgetOld();
    this.#changed.fire(undefined);
  }

  /** Returns the runs in progress in a sandbox, oldest first. */
  async underWay(sandboxId: string): Promise<RunRecord[]> {
    const records = [...(await this.#open.all()).values()];
    return byStart(records.filter((record) => record.sandboxId === sandboxId));
  }

  /** Returns the record of a run whose program was started. */
  async find(id: string): Promise<RunRecord | undefined> {
    return (await this.#open.get(id)) ?? (await this.#ended.get(id));
  }

  /** Returns the finished runs, oldest first. */
  async past(): Promise<RunRecord[]> {
    return byStart([...(await this.#ended.all()).values()]);
  }

  /** Returns the run's target, including its variables and secret arguments. */
  async targetOf(record: RunRecord): Promise<RunTarget> {
    const { envNames = [] } = record;
    const target = await this.#unmasked(record);
    if (envNames.length === 0) return target;
    const env = await this.#vault.of(ownerOf(record));
    const lost = envNames.filter((name) => !(name in env));
    if (lost.length > 0) throw variablesLost(target.label, lost);
    return { ...target, env };
  }

  /** Deletes the records and their output. */
  async forget(records: readonly RunRecord[]): Promise<void> {
    for (const record of records) {
      if (record.envNames) await this.#vault.forget(ownerOf(record));
      if (record.isMasked) await this.#hidden.forget(ownerOf(record));
      await rm(this.logPath(record.id), { force: true });
      await this.#ended.remove(record.id);
    }
    if (records.length > 0) this.#changed.fire(undefined);
  }

  async #unmasked(record: RunRecord): Promise<RunTarget> {
    const { target, isMasked } = record;
    if (!isMasked) return target;
    const [argv, args] = (await this.#hidden.of(ownerOf(record))) ?? [];
    if (!argv) throw argumentsLost(target.label);
    return { ...target, argv, ...(target.args && args && { args }) };
  }

  async #forgetOld(): Promise<void> {
    const past = await this.past();
    await this.forget(past.slice(0, Math.max(0, past.length - KEPT)));
  }
}

/** The name under which the vault stores the run's variables. */
const ownerOf = ({ id }: RunRecord) => `run ${id}`;

const wordsOf = ({ argv, args = [] }: RunTarget) => [argv, args];

const saved = ({ target, ...record }: RunRecord): RunRecord => ({
  ...record,
  ...(target.env && { envNames: Object.keys(target.env) }),
  ...(holdSecrets(wordsOf(target)) && { isMasked: true }),
  target: withoutSecrets(target),
});

const argumentsLost = (label: string) =>
  new UserError(`The secret arguments of ${label} are no longer available. Run it again with its arguments.`, {
    actions: [{ title: "Run Current File with Arguments…", command: "modalSandboxes.runFileWithArguments" }],
  });

const variablesLost = (label: string, names: readonly string[]) =>
  new UserError(
    `The values of ${names.join(" and ")} are no longer available. Run ${label} again with its variables.`,
    {
      actions: [{ title: "Run Current File with Arguments…", command: "modalSandboxes.runFileWithArguments" }],
    },
  );

const byStart = (records: RunRecord[]) => records.sort((one, other) => one.startedAt - other.startedAt);

/** Reads a record that an earlier version may have written. Returns `undefined` if it is invalid. */
const parseRecord = (value: unknown): RunRecord | undefined => (isRecord(value) ? value : undefined);

function isRecord(value: unknown): value is RunRecord {
  if (!isObject(value) || !isSavedTarget(value.target)) return false;
  const {
    id,
    group,
    sandboxId,
    remotePath,
    startedAt,
    folder,
    gpu,
    end,
    place,
    envNames,
    isMasked,
    outputs,
    setIndex,
    pushedAt,
  } = value;
  return (
    [id, group, sandboxId, remotePath].every((text) => typeof text === "string") &&
    typeof startedAt === "number" &&
    (folder === undefined || typeof folder === "string") &&
    (gpu === undefined || isObject(gpu)) &&
    (end === undefined || isEnd(end)) &&
    (place === undefined || isPlace(place)) &&
    (envNames === undefined || isWords(envNames)) &&
    (isMasked === undefined || typeof isMasked === "boolean") &&
    (outputs === undefined || typeof outputs === "string") &&
    [setIndex, pushedAt].every((number) => number === undefined || typeof number === "number")
  );
}

const isEnd = (value: unknown): value is RunEnd =>
  isObject(value) &&
  typeof value.endedAt === "number" &&
  typeof value.dollars === "number" &&
  (value.stoppedBy === undefined || isStoppedBy(value.stoppedBy));

const isPlace = (value: unknown): value is RunPlace =>
  isObject(value) && (value.kind === "sandbox" || (value.kind === "spec" && typeof value.name === "string"));
