import { formatHourlyRate } from "../../base/format";
import { formatGpu, gpuTypes, type GpuRequest, type GpuType } from "../../modal/gpus";

/** What the picker says of a choice; `gpu` is `undefined` for a sandbox without one. */
export interface GpuLine {
  readonly gpu: GpuRequest | undefined;
  readonly label: string;
  readonly description: string;
  readonly maxCount: number;
}

export interface Pricing {
  /** Of a whole sandbox with that GPU on Modal, in US dollars an hour. */
  readonly rateOf: (gpu: GpuRequest | undefined) => number;
  /** On the local backend nothing is billed. */
  readonly isFree: boolean;
}

/** One line for each type, cheapest first, with the count that `counts` has for it. */
export function gpuLines(counts: ReadonlyMap<string, number>, pricing: Pricing): GpuLine[] {
  const types = gpuTypes.map((type) => gpuLine(type, counts.get(type.name) ?? 1, pricing));
  return [{ gpu: undefined, label: "CPU only", description: priceOf(undefined, pricing), maxCount: 1 }, ...types];
}

/** One line for each count that the type can have. */
export const countLines = (type: GpuType, pricing: Pricing): GpuLine[] =>
  Array.from({ length: type.maxCount }, (_, index) => gpuLine(type, index + 1, pricing));

/** How the choice of a line is remembered while its count changes. */
export const typeOf = (gpu: GpuRequest | undefined): string => gpu?.type ?? "CPU";

/** What all that was chosen costs together; empty where nothing is chosen. */
export function totalPrice(gpus: readonly (GpuRequest | undefined)[], pricing: Pricing): string {
  if (pricing.isFree) return "free on the local backend";
  return gpus.length === 0 ? "" : formatHourlyRate(gpus.reduce((sum, gpu) => sum + pricing.rateOf(gpu), 0));
}

function gpuLine({ name, memoryGb, maxCount }: GpuType, count: number, pricing: Pricing): GpuLine {
  const gpu = { type: name, count };
  return { gpu, label: formatGpu(gpu), description: `${memoryGb * count} GB · ${priceOf(gpu, pricing)}`, maxCount };
}

const priceOf = (gpu: GpuRequest | undefined, { rateOf, isFree }: Pricing): string =>
  `${formatHourlyRate(rateOf(gpu))}${isFree ? " on Modal" : ""}`;
