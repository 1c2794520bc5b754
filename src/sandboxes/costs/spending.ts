import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { isObject } from "../../base/guards";
import { RecordFolder } from "../../base/recordFolder";
import type { GpuRequest } from "../../modal/gpus";
import type { Billable } from "./cost";
import { isLater, MAX_LIFETIME_MS, type Reading } from "../spec/reading";

const DAY_MS = 24 * 3_600_000;

/** How long costs are remembered. */
const KEPT_MS = 62 * DAY_MS;

/**
 * The costs of sandboxes on disk. Each sandbox has a small file, in a folder for the day (UTC) on which it started. All
 * windows write here under the sandbox's id, so that no sandbox is counted twice.
 */
export class Spending {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = join(folder, "spending");
  }

  /** Stores a reading, unless a later one is already there. */
  async save(reading: Reading): Promise<void> {
    const day = this.#day(reading.startedAt);
    const known = await day.get(reading.id);
    if (!known || isLater(reading, known)) await day.put(reading.id, reading);
  }

  /** Loads the latest readings of the sandboxes that ran between `from` and `to`. */
  async load(from: number, to: number): Promise<Reading[]> {
    const days: number[] = [];
    for (let day = startOfUtcDay(from - MAX_LIFETIME_MS); day <= to; day += DAY_MS) days.push(day);
    const readings = await Promise.all(days.map(async (day) => [...(await this.#day(day).all()).values()]));
    return readings.flat().filter(({ startedAt, at }) => startedAt <= to && at >= from);
  }

  /** Deletes readings that are too old to be needed. */
  async prune(now: number): Promise<void> {
    const oldest = nameOf(now - KEPT_MS);
    const days = await readdir(this.#folder).catch((): string[] => []);
    for (const day of days) if (day < oldest) await rm(join(this.#folder, day), { recursive: true, force: true });
  }

  #day(time: number): RecordFolder<Reading> {
    return new RecordFolder(join(this.#folder, nameOf(time)), parseReading);
  }
}

/** Returns the local midnight before `now`, or `daysAgo` days earlier. */
export function startOfDay(now: number, daysAgo = 0): number {
  const day = new Date(now);
  day.setHours(0, 0, 0, 0);
  day.setDate(day.getDate() - daysAgo);
  return day.getTime();
}

const nameOf = (time: number): string => new Date(time).toISOString().slice(0, "2026-01-01".length);

const startOfUtcDay = (time: number): number => Math.floor(time / DAY_MS) * DAY_MS;

function parseReading(value: unknown): Reading | undefined {
  const fields: Partial<Record<keyof Reading, unknown>> = fieldsOf(value);
  const { id, billable, scope, startedAt, at, dollars, isMeasured, isFinal, timeoutMs, seenAt, idleEndsAt } = fields;
  if (typeof id !== "string" || typeof scope !== "string") return undefined;
  if (typeof startedAt !== "number" || typeof at !== "number" || typeof dollars !== "number") return undefined;
  return {
    id,
    scope,
    startedAt,
    at,
    dollars,
    billable: readBillable(billable),
    isMeasured: isMeasured === true,
    isFinal: isFinal === true,
    ...(typeof timeoutMs === "number" && { timeoutMs }),
    ...(typeof seenAt === "number" && { seenAt }),
    ...(typeof idleEndsAt === "number" && { idleEndsAt }),
  };
}

function readBillable(value: unknown): Billable {
  const { gpu, cpu, memoryMiB, regions }: Partial<Record<keyof Billable, unknown>> = fieldsOf(value);
  const { type, count }: Partial<Record<keyof GpuRequest, unknown>> = fieldsOf(gpu);
  return {
    gpu: typeof type === "string" && typeof count === "number" ? { type, count } : undefined,
    cpu: typeof cpu === "number" ? cpu : undefined,
    memoryMiB: typeof memoryMiB === "number" ? memoryMiB : undefined,
    ...(Array.isArray(regions) && { regions: regions.map(String) }),
  };
}

const fieldsOf = (value: unknown): object => (isObject(value) ? value : {});
