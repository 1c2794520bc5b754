import { isObject } from "../base/guards";
import type { Rates } from "../modal/rates";
import type { SandboxSpec } from "../modal/spec";
import { costOf, type Billable } from "../sandboxes/costs/cost";
import type { RunningSandbox } from "../sandboxes/sandbox";
import type { RunRecord } from "./runRecords";

/**
 * One sandbox of a sweep from its start to its end. It costs money between runs too. Times are in milliseconds since
 * the epoch.
 */
export interface SandboxUse {
  readonly id: string;
  readonly billable: Billable;
  readonly startedAt: number;
  /** The sandbox's lifetime, 0 if it has none. */
  readonly timeoutMs: number;
  /** The lane of the sweep that uses the sandbox. */
  readonly lane?: number;
  /** Absent while the sandbox is running, or if no window saw its end. */
  readonly endedAt?: number;
}

export const useOf = ({ phase, timeoutMs, ...sandbox }: RunningSandbox): SandboxUse => {
  const { gpu, cpu, memoryMiB, regions } = sandbox;
  const billable = { gpu, cpu, memoryMiB, ...(regions && { regions }) };
  return { id: phase.id, billable, startedAt: phase.startedAt, timeoutMs };
};

/** Ends the record of a sandbox that no window holds: it ran until `now` at most, and no longer than its lifetime. */
export const ended = (use: SandboxUse, now: number): SandboxUse => ({ ...use, endedAt: lastMoment(use, now) });

/** Estimates the cost in US dollars from the time the sandbox ran. */
export const dollarsOfUse = (use: SandboxUse, now: number, rates: Rates): number =>
  costOf(use.billable, Math.max(0, lastMoment(use, now) - use.startedAt), rates);

const lastMoment = ({ startedAt, timeoutMs, endedAt }: SandboxUse, now: number): number =>
  endedAt ?? (timeoutMs > 0 ? Math.min(now, startedAt + timeoutMs) : now);

/** Returns the sandboxes in which these runs started their programs. */
export function usesOf(runs: readonly RunRecord[], spec: SandboxSpec): SandboxUse[] {
  const { gpu, cpu, memoryMiB, regions, timeoutMs } = spec;
  const billable = { gpu, cpu, memoryMiB, regions };
  const ids = new Set(runs.map(({ sandboxId }) => sandboxId));
  return [...ids].map((id) => {
    const own = runs.filter(({ sandboxId }) => sandboxId === id);
    const ends = own.map(({ end }) => end?.endedAt ?? Number.POSITIVE_INFINITY);
    const endedAt = Math.max(...ends);
    const startedAt = Math.min(...own.map((run) => run.startedAt));
    return { id, billable, startedAt, timeoutMs, ...(Number.isFinite(endedAt) && { endedAt }) };
  });
}

export const isSandboxUse = (value: unknown): value is SandboxUse =>
  isObject(value) &&
  typeof value.id === "string" &&
  isObject(value.billable) &&
  [value.startedAt, value.timeoutMs].every((number) => typeof number === "number") &&
  [value.lane, value.endedAt].every((number) => number === undefined || typeof number === "number");
