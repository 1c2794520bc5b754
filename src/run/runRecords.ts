import { rm } from "node:fs/promises";
import { join } from "node:path";
import { Emitter } from "../base/event";
import { RecordFolder } from "../base/recordFolder";
import type { GpuRequest } from "../modal/gpus";
import { isObject, isSavedTarget, withoutVariables } from "./savedTarget";
import type { RunTarget } from "./target";

/** What is on disk of a run whose program was started, so that a later window can go on with it, or tell of it. */
export interface RunRecord {
  readonly id: string;
  readonly group: string;
  readonly target: RunTarget;
  readonly gpu: GpuRequest | undefined;
  readonly sandboxId: string;
  /** Absolute path of the folder that is synced. */
  readonly folder: string | undefined;
  readonly remotePath: string;
  readonly isBackground: boolean;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly end?: RunEnd;
}

/** `exitCode` is absent where the program was lost, with its sandbox as a rule. */
export interface RunEnd {
  readonly endedAt: number;
  readonly dollars: number;
  readonly exitCode?: number;
}

/** So many runs are remembered with their output. */
const KEPT = 300;
const ENDS_PER_CLEANING = 20;

/** The runs of this installation, by id: those under way, and the latest of those that are over. */
export class RunRecords {
  readonly #folder: string;
  readonly #open: RecordFolder<RunRecord>;
  readonly #ended: RecordFolder<RunRecord>;
  #ends = 0;
  readonly #changed = new Emitter<undefined>();
  /** Fires when a run of this window has joined those that are over, or some were forgotten. */
  readonly onDidChangePast = this.#changed.event;

  /** `folder` is shared by all windows. */
  constructor(folder: string) {
    this.#folder = join(folder, "runs");
    this.#open = new RecordFolder(join(this.#folder, "open"), parseRecord);
    this.#ended = new RecordFolder(join(this.#folder, "ended"), parseRecord);
  }

  /** Where a run's output is kept on this machine. */
  logPath(id: string): string {
    return join(this.#folder, "logs", `${id}.log`);
  }

  async begin(record: RunRecord): Promise<void> {
    await this.#open.put(record.id, saved(record));
  }

  async end(record: RunRecord): Promise<void> {
    await this.#ended.put(record.id, saved(record));
    await this.#open.remove(record.id);
    if (this.#ends++ % ENDS_PER_CLEANING === 0) await this.#forgetOld();
    this.#changed.fire(undefined);
  }

  /** Of a sandbox, oldest first. */
  async underWay(sandboxId: string): Promise<RunRecord[]> {
    const records = [...(await this.#open.all()).values()];
    return byStart(records.filter((record) => record.sandboxId === sandboxId));
  }

  /** One that is under way or over, if its program was started. */
  async find(id: string): Promise<RunRecord | undefined> {
    return (await this.#open.get(id)) ?? (await this.#ended.get(id));
  }

  /** Oldest first. */
  async past(): Promise<RunRecord[]> {
    return byStart([...(await this.#ended.all()).values()]);
  }

  /** Neither record nor output is left of them. */
  async forget(records: readonly RunRecord[]): Promise<void> {
    for (const { id } of records) {
      await rm(this.logPath(id), { force: true });
      await this.#ended.remove(id);
    }
    if (records.length > 0) this.#changed.fire(undefined);
  }

  async #forgetOld(): Promise<void> {
    const past = await this.past();
    await this.forget(past.slice(0, Math.max(0, past.length - KEPT)));
  }
}

const saved = (record: RunRecord): RunRecord => ({ ...record, target: withoutVariables(record.target) });

const byStart = (records: RunRecord[]) => records.sort((one, other) => one.startedAt - other.startedAt);

/** Reads what an earlier version may have written; `undefined` for what is no such record. */
const parseRecord = (value: unknown): RunRecord | undefined => (isRecord(value) ? value : undefined);

function isRecord(value: unknown): value is RunRecord {
  if (!isObject(value) || !isSavedTarget(value.target)) return false;
  const { id, group, sandboxId, remotePath, startedAt, folder, gpu, end } = value;
  return (
    [id, group, sandboxId, remotePath].every((text) => typeof text === "string") &&
    typeof startedAt === "number" &&
    (folder === undefined || typeof folder === "string") &&
    (gpu === undefined || isObject(gpu)) &&
    (end === undefined || (isObject(end) && typeof end.endedAt === "number" && typeof end.dollars === "number"))
  );
}
