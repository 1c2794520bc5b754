import type { Rates } from "../../modal/rates";
import type { Usage } from "../../modal/usage";
import { costOf, costOfUsage, livedMs, type Billable } from "../costs/cost";

/** What one sandbox had cost at a moment. Times are milliseconds since the epoch. */
export interface Reading {
  readonly id: string;
  readonly billable: Billable;
  /** Names the account, environment and app that it belongs to. */
  readonly scope: string;
  readonly startedAt: number;
  /** When it was read, at most when it ended. */
  readonly at: number;
  /** US dollars from its start until then. */
  readonly dollars: number;
  /** From what the server says was used; else time by rate, an estimate. */
  readonly isMeasured: boolean;
  /** It has ended, so this stays. */
  readonly isOver: boolean;
  /** Its lifetime; 0 or absent where only Modal's own limit ends it. */
  readonly timeoutMs?: number;
  /** When it was last known to live. */
  readonly seenAt?: number;
  /** When its idle limit ends it, unless it is used meanwhile; absent while something runs in it, or nobody knows. */
  readonly idleEndsAt?: number | undefined;
}

/** No sandbox lives longer. */
export const MAX_LIFETIME_MS = 24 * 3_600_000;

/**
 * The latest moment at which it can have ended: this machine may have slept, and its window may be gone, while the
 * sandbox's limits were kept by the server.
 */
function latestEnd({ startedAt, timeoutMs, seenAt = startedAt, idleEndsAt }: Reading): number {
  const lifetimeEndsAt = startedAt + (timeoutMs ? Math.min(timeoutMs, MAX_LIFETIME_MS) : MAX_LIFETIME_MS);
  // It has outlived its idle limit if it was seen after that.
  const isIdle = idleEndsAt !== undefined && idleEndsAt >= seenAt;
  return Math.max(seenAt, isIdle ? Math.min(lifetimeEndsAt, idleEndsAt) : lifetimeEndsAt);
}

/** What it comes to at `now` by its rate, if it lives as long as it may. Never less than it was, whatever the clock does. */
export function grown(reading: Reading, now: number, rates: Rates): Reading {
  const at = Math.max(reading.at, Math.min(now, latestEnd(reading)));
  // From its start where nothing was measured, for then all of it is by the rates of the moment.
  const [from, dollars] = reading.isMeasured ? [reading.at, reading.dollars] : [reading.startedAt, 0];
  return { ...reading, at, dollars: dollars + costOf(reading.billable, Math.max(0, at - from), rates) };
}

/** What it comes to at `now` by what the server says it used. */
export function measured(reading: Reading, usage: Usage, now: number, rates: Rates): Reading {
  const { billable, startedAt } = reading;
  const at = Math.max(reading.at, Math.min(now, latestEnd(reading)));
  return { ...reading, at, dollars: costOfUsage(usage, billable, at - startedAt, rates), isMeasured: true };
}

/** What it came to: it ended at some time between when it was last seen and `reading.at`, and its usage says when. */
export function settled(reading: Reading, usage: Usage | undefined, rates: Rates): Reading {
  if (!usage) return { ...reading, isOver: true };
  const { billable, startedAt, at, seenAt = startedAt } = reading;
  const ms = livedMs(usage, billable, { least: seenAt - startedAt, most: at - startedAt });
  const dollars = costOfUsage(usage, billable, ms, rates);
  return { ...reading, at: startedAt + ms, dollars, isMeasured: true, isOver: true };
}

/** Whether a reading knows more than another of the same sandbox. */
export function isLater(reading: Reading, other: Reading): boolean {
  if (reading.isOver !== other.isOver) return reading.isOver;
  if (!reading.isOver) return reading.at > other.at;
  if (reading.isMeasured !== other.isMeasured) return reading.isMeasured;
  // Usage grows until all of it has arrived; windows that notice an end later estimate more.
  return reading.isMeasured ? reading.dollars > other.dollars : reading.at < other.at;
}

/** The part of a sandbox's cost that falls in a time, as if it had cost the same at each moment. */
export function dollarsWithin({ startedAt, at, dollars }: Reading, from: number, to: number): number {
  const overlapMs = Math.min(at, to) - Math.max(startedAt, from);
  return overlapMs > 0 ? (dollars * overlapMs) / (at - startedAt) : 0;
}
