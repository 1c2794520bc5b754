/**
 * Modal's GPU types. Prices are US dollars per GPU-second, memory in GB, as seen 2026-07-01 (B300: 2026-09-01);
 * they stand in where the workspace's own rates are unknown.
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

/** GPUs of a sandbox: a type's name and how many of it. */
export interface GpuRequest {
  readonly type: string;
  readonly count: number;
}

/** Reads Modal's form, `H100` or `H100:2`, in any case. `undefined` for anything else, a type of no table too. */
export function parseGpu(text: string): GpuRequest | undefined {
  const [, name, count = "1"] = /^([^:\s]+)(?::([1-9]\d*))?$/.exec(text.trim()) ?? [];
  const type = findGpuType(name ?? "");
  return type && Number(count) <= type.maxCount ? { type: type.name, count: Number(count) } : undefined;
}

/** Modal's form: `H100`, `H100:2`. */
export const gpuArgument = ({ type, count }: GpuRequest): string => (count === 1 ? type : `${type}:${count}`);

/** A plain word, for names of files too: `CPU`, `H100`, `H100x2`. */
export function gpuWord(gpu: GpuRequest | undefined): string {
  if (!gpu) return "CPU";
  return gpu.count === 1 ? gpu.type : `${gpu.type}x${gpu.count}`;
}

/** For people: `CPU`, `H100`, `2 × H100`. */
export function formatGpu(gpu: GpuRequest | undefined): string {
  if (!gpu) return "CPU";
  return gpu.count === 1 ? gpu.type : `${gpu.count} × ${gpu.type}`;
}

export const findGpuType = (name: string): GpuType | undefined =>
  gpuTypes.find((type) => type.name === name.toUpperCase());
