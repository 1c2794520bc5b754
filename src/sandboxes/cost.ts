import { findGpuType, type GpuRequest } from "../modal/gpus";

/** What a sandbox is billed for. */
export interface Billable {
  readonly gpu: GpuRequest | undefined;
  readonly cpu: number | undefined;
  readonly memoryMiB: number | undefined;
}

/** Sandbox rates in US dollars, from modal.com/pricing as quoted 2026-10-08. */
const DOLLARS_PER_CORE_SECOND = 0.00003942;
const DOLLARS_PER_GIB_SECOND = 0.00000667;

/** What Modal reserves where nothing is asked: cores and MiB. */
const DEFAULT_CPU = 0.125;
const DEFAULT_MEMORY_MIB = 128;

const HOUR_S = 3600;

/**
 * US dollars an hour for what is reserved: an estimate, since use above the reservation is billed too. A GPU type of no
 * known price counts as nothing.
 */
export function hourlyRate({ gpu, cpu, memoryMiB }: Billable): number {
  const gpuRate = gpu ? (findGpuType(gpu.type)?.dollarsPerSecond ?? 0) * gpu.count : 0;
  const cpuRate = (cpu ?? DEFAULT_CPU) * DOLLARS_PER_CORE_SECOND;
  const memoryRate = ((memoryMiB ?? DEFAULT_MEMORY_MIB) / 1024) * DOLLARS_PER_GIB_SECOND;
  return (gpuRate + cpuRate + memoryRate) * HOUR_S;
}

/** US dollars for `ms` milliseconds: an estimate. */
export const costOf = (billable: Billable, ms: number): number => (hourlyRate(billable) * ms) / (HOUR_S * 1000);
