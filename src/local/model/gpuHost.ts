/** The GPUs of this machine, as far as a sandbox can tell. */
export interface GpuHost {
  hasCapacity(gpuType: string | undefined): boolean;
  /** What a sandbox that asked for this type says first. */
  greeting(gpuType: string | undefined): string;
}

/** `withoutCapacity` are types that nobody ever gets: their sandboxes stay queued, as at Modal when there are none. */
export const gpuHost = (hasNvidia: boolean, withoutCapacity: ReadonlySet<string>): GpuHost => ({
  hasCapacity: (gpuType) => gpuType === undefined || !withoutCapacity.has(gpuType),
  greeting: (gpuType) =>
    gpuType === undefined || hasNvidia
      ? ""
      : `local backend: no NVIDIA GPU on this machine; this ${gpuType} sandbox runs on the CPU.\n`,
});
