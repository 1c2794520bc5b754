/**
 * Modal's GPU types. Prices are US dollars per GPU-second, memory in GB, as seen 2026-07-01 (B300: 2026-09-01);
 * they are used when the workspace's own rates are unknown.
 */
export interface GpuType {
  readonly name: string;
  readonly memoryGb: number;
  readonly maxCount: number;
  readonly dollarsPerSecond: number;
}

export const gpuTypes: readonly GpuType[] = [
  { name: "T4", memoryGb: 16, maxCount: 8, dollarsPerSecond: 0.000164 },
  { name: "L4", memoryGb: 24, maxCount: 8, dollarsPerSecond: 0.000222 },
  { name: "A10", memoryGb: 24, maxCount: 4, dollarsPerSecond: 0.000306 },
  { name: "L40S", memoryGb: 48, maxCount: 8, dollarsPerSecond: 0.000542 },
  { name: "A100-40GB", memoryGb: 40, maxCount: 8, dollarsPerSecond: 0.000583 },
  { name: "A100-80GB", memoryGb: 80, maxCount: 8, dollarsPerSecond: 0.000694 },
  { name: "RTX-PRO-6000", memoryGb: 96, maxCount: 8, dollarsPerSecond: 0.000842 },
  { name: "H100", memoryGb: 80, maxCount: 8, dollarsPerSecond: 0.001097 },
  { name: "H200", memoryGb: 141, maxCount: 8, dollarsPerSecond: 0.001261 },
  { name: "B200", memoryGb: 192, maxCount: 8, dollarsPerSecond: 0.001736 },
  { name: "B300", memoryGb: 288, maxCount: 8, dollarsPerSecond: 0.001972 },
];

/** The GPUs of a sandbox: the type's name and their number. */
export interface GpuRequest {
  readonly type: string;
  readonly count: number;
}

/** Parses Modal's notation, `H100` or `H100:2`, in any case. Returns `undefined` for anything else, including unknown types. */
export function parseGpu(text: string): GpuRequest | undefined {
  const [, name, count = "1"] = /^([^:\s]+)(?::([1-9]\d*))?$/.exec(text.trim()) ?? [];
  const type = findGpuType(name ?? "");
  return type && Number(count) <= type.maxCount ? { type: type.name, count: Number(count) } : undefined;
}

/** Formats a request in Modal's notation: `H100`, `H100:2`. */
export const gpuArgument = ({ type, count }: GpuRequest): string => (count === 1 ? type : `${type}:${count}`);

/** Formats a request as a word that file names may contain: `CPU`, `H100`, `H100x2`. */
export function gpuWord(gpu: GpuRequest | undefined): string {
  if (!gpu) return "CPU";
  return gpu.count === 1 ? gpu.type : `${gpu.type}x${gpu.count}`;
}

/** Formats a request for display: `CPU`, `H100`, `2 × H100`. */
export function formatGpu(gpu: GpuRequest | undefined): string {
  if (!gpu) return "CPU";
  return gpu.count === 1 ? gpu.type : `${gpu.count} × ${gpu.type}`;
}

export const findGpuType = (name: string): GpuType | undefined =>
  gpuTypes.find((type) => type.name === name.toUpperCase());
