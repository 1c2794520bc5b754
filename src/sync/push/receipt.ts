import { checkedPaths } from "../folder/checks";
import { keptName, type Verb } from "../remote/receiver";
import { secondsOf } from "../remote/remoteListing";
import type { Conflict } from "./pushRequest";
import type { Plan } from "./reconcile";

/** What a receiver was told, and what it printed. */
export interface Receipt {
  readonly generation: string;
  readonly stamp: string;
  readonly report: string;
}

/** When the receiver ended, by the sandbox's clock; `undefined` if it could not say. */
export function pushedAtIn(report: string): number | undefined {
  const [, seconds, fraction] = /^at (\d+)(\.\d+)$/m.exec(report) ?? [];
  return seconds === undefined ? undefined : secondsOf(seconds, fraction);
}

/** A path is reported once, however often the receiver names it. */
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
