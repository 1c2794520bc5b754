import { formatDollars, formatHourlyRate, plural } from "../../base/format";

/** What the user wants to spend at most; 0 is no limit. */
export interface Limits {
  readonly dollarsPerHour: number;
  readonly dollarsPerDay: number;
  readonly sandboxes: number;
}

export type LimitKind = keyof Limits;

/** What this machine's sandboxes come to, with the one that is about to be created. */
export type Load = Readonly<Record<LimitKind, number>>;

export interface Crossing {
  readonly kind: LimitKind;
  readonly limit: number;
  readonly actual: number;
}

/** Sums of dollars are a little off. */
const TOLERANCE = 1e-9;

/** The limits that a load is above; of money spent already, those that it has reached. */
export function crossings(load: Load, limits: Limits): Crossing[] {
  const kinds: readonly LimitKind[] = ["sandboxes", "dollarsPerHour", "dollarsPerDay"];
  return kinds
    .map((kind) => ({ kind, limit: limits[kind], actual: load[kind] }))
    .filter(({ kind, limit, actual }) => {
      if (limit <= 0) return false;
      return kind === "dollarsPerDay" ? actual >= limit : actual > limit + TOLERANCE;
    });
}

/** What another sandbox would do, as a sentence: the limit, and what it would come to. */
export function describeCrossing({ kind, limit, actual }: Crossing, label: string): string {
  switch (kind) {
    case "sandboxes":
      return `Another sandbox would exceed your limit of ${plural(limit, "sandbox", "sandboxes")}.`;
    case "dollarsPerHour":
      return `This ${label} sandbox would exceed your limit of ${formatHourlyRate(limit)}: together ${formatHourlyRate(actual)}.`;
    case "dollarsPerDay":
      return `You have spent ${formatDollars(actual)} today, and your limit is ${formatDollars(limit)} a day.`;
  }
}
