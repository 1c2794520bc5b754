import { formatDollars, formatHourlyRate, plural } from "../../base/format";

/** The user's spending limits. 0 means no limit. */
export interface Limits {
  readonly dollarsPerHour: number;
  readonly dollarsPerDay: number;
  readonly sandboxes: number;
}

export type LimitKind = keyof Limits;

/** The totals of this machine's sandboxes, including the one to be created. */
export type Load = Readonly<Record<LimitKind, number>>;

export interface Crossing {
  readonly kind: LimitKind;
  readonly limit: number;
  readonly actual: number;
}

/** Sums of dollars have rounding errors. */
const TOLERANCE = 1e-9;

/**
 * Returns the limits that the load exceeds. A daily limit counts as soon as it is reached, because its money is already
 * spent.
 */
export function crossings(load: Load, limits: Limits): Crossing[] {
  const kinds: readonly LimitKind[] = ["sandboxes", "dollarsPerHour", "dollarsPerDay"];
  return kinds
    .map((kind) => ({ kind, limit: limits[kind], actual: load[kind] }))
    .filter(({ kind, limit, actual }) => {
      if (limit <= 0) return false;
      return kind === "dollarsPerDay" ? actual >= limit : actual > limit + TOLERANCE;
    });
}

/** Describes for the user which limit a new sandbox would exceed, and by how much. */
export function describeCrossing({ kind, limit, actual }: Crossing, label: string): string {
  switch (kind) {
    case "sandboxes":
      return `Another sandbox would exceed your limit of ${plural(limit, "sandbox", "sandboxes")}.`;
    case "dollarsPerHour":
      return `This ${label} sandbox would bring your total to ${formatHourlyRate(actual)}. Your limit is ${formatHourlyRate(limit)}.`;
    case "dollarsPerDay":
      return `You have spent ${formatDollars(actual)} today, and your limit is ${formatDollars(limit)} a day.`;
  }
}
