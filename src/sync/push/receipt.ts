import { checkedPaths } from "../folder/checks";
import { keptName, type Verb } from "../remote/receiver";
import { secondsOf } from "../remote/remoteListing";
import type { Conflict } from "./pushRequest";
import type { Plan } from "./reconcile";

/** A receiver's arguments and its output. */
export interface Receipt {
  readonly generation: string;
  readonly stamp: string;
  readonly report: string;
}

/** Returns the time when the receiver ended, by the sandbox's clock; `undefined` if it could not report it. */
export function pushedAtIn(report: string): number | undefined {
  const [, seconds, fraction] = /^at (\d+)(\.\d+)$/m.exec(report) ?? [];
  return seconds === undefined ? undefined : secondsOf(seconds, fraction);
}

/** Returns the conflicts, each path once, even if the receiver reports it several times. */
export function conflictsIn(report: string, plan: Plan, stamp: string): Conflict[] {
  if (!/^(left|kept|aside) /m.test(report)) return [];
  const paths = checkedPaths(plan);
  const found = new Map<string, Conflict>();
  for (const [, verb = "left", number] of report.matchAll(/^(left|kept|aside) (\d+)$/gm)) {
    const path = paths[Number(number)];
    if (path !== undefined) found.set(path, { path, keptAs: keptName(path, verb as Verb, Number(number), stamp) });
  }
  return [...found.values()];
}
