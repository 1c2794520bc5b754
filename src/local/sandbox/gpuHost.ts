import type { Faults } from "../faults/faults";

/** This machine's GPUs as sandboxes see them. */
export interface GpuHost {
  /** Resolves when a GPU of this type is available. */
  untilCapacity(gpuType: string | undefined, signal: AbortSignal): Promise<void>;
  /** The first line that a sandbox with this GPU type prints. */
  greeting(gpuType: string | undefined): string;
}

/** While the faults deny capacity, sandboxes stay queued, as on Modal when no GPU is free. */
export const gpuHost = (hasNvidia: boolean, faults: Faults): GpuHost => ({
  untilCapacity: async (gpuType, signal) => {
    if (gpuType !== undefined) await faults.untilCapacity(gpuType, signal);
  },
  greeting: (gpuType) =>
    gpuType === undefined || hasNvidia
      ? ""
      : `local backend: no NVIDIA GPU on this machine; this ${gpuType} sandbox runs on the CPU.\n`,
});
