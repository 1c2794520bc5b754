import { median, ms, type Row } from "./table";

interface Rounds {
  readonly ours: readonly number[];
  readonly theirs: readonly number[];
}

/** Compares the milliseconds that two things take in the same rounds. */
export function compared(what: string, { ours, theirs }: Rounds, anchor: string, most?: number): Row {
  const ratio = median(ours.map((value, round) => value / (theirs[round] ?? Number.NaN)));
  return {
    what,
    result: ms(median(ours)),
    against: `${anchor} ${ms(median(theirs))}`,
    ratio: ratio.toFixed(2),
    target: most === undefined ? "" : verdict(ratio <= most, `≤ ${most}`),
  };
}

/** A row without anything to compare it with. */
export const measured = (what: string, value: number, unit: string, most: number): Row => ({
  what,
  result: `${value.toFixed(0)} ${unit}`.trim(),
  against: "",
  ratio: "",
  target: verdict(value <= most, `≤ ${most} ${unit}`.trim()),
});

const verdict = (isMet: boolean, target: string): string => `${target} ${isMet ? "met" : "MISSED"}`;

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}
