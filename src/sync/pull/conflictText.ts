import { plural } from "../../base/format";
import type { Conflict } from "./pullMessages";

/**
 * Says who changed which files: `T4 and L4 both wrote out.csv`, or `you and the run on L4 both changed 3 files`.
 * @param from names the run that was pulled, if it was a run
 */
export function conflictText(conflicts: readonly Conflict[], from: string | undefined): string {
  const byOther = new Map<string | undefined, Conflict[]>();
  for (const conflict of conflicts) byOther.set(conflict.other, [...(byOther.get(conflict.other) ?? []), conflict]);
  return [...byOther].map(([other, group]) => `${whoOf(other, from)} ${filesOf(group)}`).join("; ");
}

/** @param other names the run that wrote the version here; otherwise it was the user */
function whoOf(other: string | undefined, from: string | undefined): string {
  if (other === undefined) return `you and ${from === undefined ? "the sandbox" : `the run on ${from}`} both changed`;
  return other === from ? `two runs on ${other} both wrote` : `${other} and ${from ?? "the sandbox"} both wrote`;
}

const filesOf = ([first, ...more]: readonly Conflict[]): string =>
  first && more.length === 0 ? first.path : plural(more.length + 1, "file");
