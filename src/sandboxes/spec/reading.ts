import type { Rates } from "../../modal/rates";
import type { Usage } from "../../modal/usage";
import { costOf, costOfUsage, livedMs, type Billable } from "../costs/cost";

/** The cost of one sandbox at one moment. Times are in milliseconds since the epoch. */
export interface Reading {
  readonly id: string;
  readonly billable: Billable;
  /** Names the account, environment and app of the sandbox. */
  readonly scope: string;
  readonly startedAt: number;
  /** When the reading was taken, but no later than the sandbox's end. */
  readonly at: number;
  /** US dollars from the sandbox's start until `at`. */
  readonly dollars: number;
  /** True if the server reported the usage. Otherwise the cost is an estimate from time and rates. */
  readonly isMeasured: boolean;
  /** The sandbox has ended, so this reading is final. */
  readonly isFinal: boolean;
  /** The sandbox's lifetime. 0 or absent if only Modal's own limit ends it. */
  readonly timeoutMs?: number;
  /** When the sandbox was last known to run. */
  readonly seenAt?: number;
  /**
   * When the idle limit will end the sandbox if it stays unused. Absent while a program runs in it, or if this is
   * unknown.
   */
  readonly idleEndsAt?: number | undefined;
}

/** Modal's limit for the lifetime of a sandbox. */
export const MAX_LIFETIME_MS = 24 * 3_600_000;

/**
 * Returns the latest time at which the sandbox can have ended. The server enforces its limits even while this machine
 * sleeps or the window is closed.
 */
function latestEnd({ startedAt, timeoutMs, seenAt = startedAt, idleEndsAt }: Reading): number {
  const lifetimeEndsAt = startedAt + (timeoutMs ? Math.min(timeoutMs, MAX_LIFETIME_MS) : MAX_LIFETIME_MS);
  // If the sandbox was seen after its idle limit, it has outlived that limit.
  const isIdle = idleEndsAt !== undefined && idleEndsAt >= seenAt;
  return Math.max(seenAt, isIdle ? Math.min(lifetimeEndsAt, idleEndsAt) : lifetimeEndsAt);
}

/**
 * Extrapolates the cost to `now` by the rates, limited to the sandbox's possible lifetime. The cost never decreases,
 * even if the clock is set back.
 */
export function grown(reading: Reading, now: number, rates: Rates): Reading {
  const at = Math.max(reading.at, Math.min(now, latestEnd(reading)));
  // An estimate starts again at the beginning, so that all of it uses the current rates.
  const [from, dollars] = reading.isMeasured ? [reading.at, reading.dollars] : [reading.startedAt, 0];
  return { ...reading, at, dollars: dollars + costOf(reading.billable, Math.max(0, at - from), rates) };
}

/** Returns the cost at `now` according to the server's usage report. */
export function measured(reading: Reading, usage: Usage, now: number, rates: Rates): Reading {
  const { billable, startedAt } = reading;
  const at = Math.max(reading.at, Math.min(now, latestEnd(reading)));
  return { ...reading, at, dollars: costOfUsage(usage, billable, at - startedAt, rates), isMeasured: true };
}

/** Returns the final cost. The sandbox ended between when it was last seen and `reading.at`. Its usage shows when. */
export function settled(reading: Reading, usage: Usage | undefined, rates: Rates): Reading {
  if (!usage) return { ...reading, isFinal: true };
  const { billable, startedAt, at, seenAt = startedAt } = reading;
  const ms = livedMs(usage, billable, { least: seenAt - startedAt, most: at - startedAt });
  const dollars = costOfUsage(usage, billable, ms, rates);
  return { ...reading, at: startedAt + ms, dollars, isMeasured: true, isFinal: true };
}

/** True if the reading knows more than the other one of the same sandbox. */
export function isLater(reading: Reading, other: Reading): boolean {
  if (reading.isFinal !== other.isFinal) return reading.isFinal;
  if (!reading.isFinal) return reading.at > other.at;
  if (reading.isMeasured !== other.isMeasured) return reading.isMeasured;
  // Reported usage grows until it is complete. Among estimates, windows that notice an end later estimate more.
  return reading.isMeasured ? reading.dollars > other.dollars : reading.at < other.at;
}

/** Returns the part of a sandbox's cost in a period, as if costs were spread evenly over its life. */
export function dollarsWithin({ startedAt, at, dollars }: Reading, from: number, to: number): number {
  const overlapMs = Math.min(at, to) - Math.max(startedAt, from);
  return overlapMs > 0 ? (dollars * overlapMs) / (at - startedAt) : 0;
}
