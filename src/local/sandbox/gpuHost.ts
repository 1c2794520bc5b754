import type { Faults } from "../faults/faults";

/** The GPUs of this machine, as far as a sandbox can tell. */
export interface GpuHost {
  /** Resolves once there is one of this type to be had. */
  untilCapacity(gpuType: string | undefined, signal: AbortSignal): Promise<void>;
  /** What a sandbox that asked for this type says first. */
  greeting(gpuType: string | undefined): string;
}

/** Where the faults say that there is no capacity, sandboxes stay queued, as at Modal when there is none. */
export const gpuHost = (hasNvidia: boolean, faults: Faults): GpuHost => ({
  untilCapacity: async (gpuType, signal) => {
    if (gpuType !== undefined) await faults.untilCapacity(gpuType, signal);
  },
  greeting: (gpuType) =>
    gpuType === undefined || hasNvidia
      ? ""
      : `local backend: no NVIDIA GPU on this machine; this ${gpuType} sandbox runs on the CPU.\n`,
});
