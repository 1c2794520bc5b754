import { formatHourlyRate } from "../../base/format";
import type { GpuRequest } from "../../modal/gpus";
import type { Rates } from "../../modal/rates";
import { regionFactor, regionSurcharge } from "../../modal/regions";
import type { Usage } from "../../modal/usage";

/** What a sandbox is billed for. */
export interface Billable {
  readonly gpu: GpuRequest | undefined;
  readonly cpu: number | undefined;
  readonly memoryMiB: number | undefined;
  /** What it is pinned to, which costs more; absent where that is not known. */
  readonly regions?: readonly string[];
}

/** What Modal reserves where nothing is asked: cores and MiB. */
const DEFAULT_CPU = 0.125;
const DEFAULT_MEMORY_MIB = 128;

const HOUR_S = 3600;
const HOUR_MS = HOUR_S * 1000;

/**
 * US dollars an hour for what is reserved: an estimate, since use above the reservation is billed too. A GPU type of no
 * known price counts as nothing.
 */
export function hourlyRate(billable: Billable, rates: Rates): number {
  const { gpus, cores, gib } = reserved(billable);
  return (
    (gpus * gpuRate(billable, rates) + cores * rates.core + gib * rates.gib) * regionFactor(billable.regions ?? [])
  );
}

/** The same for people: `$4.98/h`, `$5.73/h incl. 15% for us (as of 2026-09)`. */
export const describePrice = (billable: Billable, rates: Rates): string =>
  [formatHourlyRate(hourlyRate(billable, rates)), regionSurcharge(billable.regions ?? [])].filter(Boolean).join(" ");

/** US dollars for `ms` milliseconds: an estimate. */
export const costOf = (billable: Billable, ms: number, rates: Rates): number =>
  (hourlyRate(billable, rates) * ms) / HOUR_MS;

/**
 * How many milliseconds a sandbox that has ended lived, by what it used: GPUs are used all the time. Of cores and memory
 * Modal may count what was used rather than what was reserved, which shows where that is less than it lived at `least`.
 */
export function livedMs(usage: Usage, billable: Billable, { least, most }: { least: number; most: number }): number {
  const { gpus, cores, gib } = reserved(billable);
  if (gpus > 0 && usage.gpuSeconds > 0) return Math.max(least, (usage.gpuSeconds / gpus) * 1000);
  const byUse = Math.min(usage.coreSeconds / cores, usage.gibSeconds / gib) * 1000;
  return byUse > least ? Math.min(byUse, most) : most;
}

/** US dollars for what was used in `ms` milliseconds, of each thing at least what was reserved: as Modal bills it. */
export function costOfUsage(usage: Usage, billable: Billable, ms: number, rates: Rates): number {
  const { gpus, cores, gib } = reserved(billable);
  const seconds = ms / 1000;
  const dollars =
    Math.max(usage.gpuSeconds, gpus * seconds) * gpuRate(billable, rates) +
    Math.max(usage.coreSeconds, cores * seconds) * rates.core +
    Math.max(usage.gibSeconds, gib * seconds) * rates.gib;
  return (dollars * regionFactor(billable.regions ?? [])) / HOUR_S;
}

/** How many of each thing a sandbox keeps for itself. */
function reserved({ gpu, cpu, memoryMiB }: Billable) {
  return { gpus: gpu?.count ?? 0, cores: cpu ?? DEFAULT_CPU, gib: (memoryMiB ?? DEFAULT_MEMORY_MIB) / 1024 };
}

const gpuRate = ({ gpu }: Billable, rates: Rates): number => (gpu && rates.gpus.get(gpu.type)) ?? 0;
