import { formatHourlyRate } from "../../base/format";
import type { GpuRequest } from "../../modal/gpus";
import type { Rates } from "../../modal/rates";
import { regionFactor, regionSurcharge } from "../../modal/regions";
import type { Usage } from "../../modal/usage";

/** The properties of a sandbox that determine its price. */
export interface Billable {
  readonly gpu: GpuRequest | undefined;
  readonly cpu: number | undefined;
  readonly memoryMiB: number | undefined;
  /** The regions that the sandbox is pinned to, which cost more. Absent if they are unknown. */
  readonly regions?: readonly string[];
}

/** Modal's default reservation, in cores and MiB. */
const DEFAULT_CPU = 0.125;
const DEFAULT_MEMORY_MIB = 128;

const HOUR_S = 3600;
const HOUR_MS = HOUR_S * 1000;

/**
 * Returns the price of the reserved resources in US dollars per hour. This is an estimate, because Modal also bills use
 * above the reservation. GPU types without a known price count as free.
 */
export function hourlyRate(billable: Billable, rates: Rates): number {
  const { gpus, cores, gib } = reserved(billable);
  return (
    (gpus * gpuRate(billable, rates) + cores * rates.core + gib * rates.gib) * regionFactor(billable.regions ?? [])
  );
}

/** Formats the hourly rate for the user: `$4.98/h`, `$5.73/h incl. 15% for us (as of 2026-09)`. */
export const describePrice = (billable: Billable, rates: Rates): string =>
  [formatHourlyRate(hourlyRate(billable, rates)), regionSurcharge(billable.regions ?? [])].filter(Boolean).join(" ");

/** Estimates the cost of `ms` milliseconds in US dollars. */
export const costOf = (billable: Billable, ms: number, rates: Rates): number =>
  (hourlyRate(billable, rates) * ms) / HOUR_MS;

/**
 * Returns how many milliseconds an ended sandbox lived, judging by its usage. GPUs count all the time. For cores and
 * memory, Modal may count actual use instead of the reservation, so a result below `least` is discarded.
 */
export function livedMs(usage: Usage, billable: Billable, { least, most }: { least: number; most: number }): number {
  const { gpus, cores, gib } = reserved(billable);
  if (gpus > 0 && usage.gpuSeconds > 0) return Math.max(least, (usage.gpuSeconds / gpus) * 1000);
  const byUse = Math.min(usage.coreSeconds / cores, usage.gibSeconds / gib) * 1000;
  return byUse > least ? Math.min(byUse, most) : most;
}

/** Returns the cost in US dollars of `ms` milliseconds as Modal bills it: at least the reservation of each resource. */
export function costOfUsage(usage: Usage, billable: Billable, ms: number, rates: Rates): number {
  const { gpus, cores, gib } = reserved(billable);
  const seconds = ms / 1000;
  const dollars =
    Math.max(usage.gpuSeconds, gpus * seconds) * gpuRate(billable, rates) +
    Math.max(usage.coreSeconds, cores * seconds) * rates.core +
    Math.max(usage.gibSeconds, gib * seconds) * rates.gib;
  return (dollars * regionFactor(billable.regions ?? [])) / HOUR_S;
}

/** The reserved amount of each resource. */
function reserved({ gpu, cpu, memoryMiB }: Billable) {
  return { gpus: gpu?.count ?? 0, cores: cpu ?? DEFAULT_CPU, gib: (memoryMiB ?? DEFAULT_MEMORY_MIB) / 1024 };
}

const gpuRate = ({ gpu }: Billable, rates: Rates): number => (gpu && rates.gpus.get(gpu.type)) ?? 0;
