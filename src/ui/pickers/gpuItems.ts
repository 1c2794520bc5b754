import { formatHourlyRate } from "../../base/format";
import { formatGpu, gpuTypes, type GpuRequest, type GpuType } from "../../modal/gpus";

/** What the picker says of a choice; `gpu` is `undefined` for a sandbox without one. */
export interface GpuLine {
  readonly gpu: GpuRequest | undefined;
  readonly label: string;
  readonly description: string;
  readonly maxCount: number;
}

/** The price of a whole sandbox with that GPU, in US dollars an hour; `undefined` on the local backend, which is free. */
export type PriceOf = ((gpu: GpuRequest | undefined) => number) | undefined;

/** One line for each type, cheapest first, with the count that `counts` has for it. */
export function gpuLines(counts: ReadonlyMap<string, number>, priceOf: PriceOf): GpuLine[] {
  const types = gpuTypes.map((type) => gpuLine(type, counts.get(type.name) ?? 1, priceOf));
  return [
    { gpu: undefined, label: "CPU only", description: described(undefined, priceOf?.(undefined)), maxCount: 1 },
    ...types,
  ];
}

/** One line for each count that the type can have. */
export const countLines = (type: GpuType, priceOf: PriceOf): GpuLine[] =>
  Array.from({ length: type.maxCount }, (_, index) => gpuLine(type, index + 1, priceOf));

/** How the choice of a line is remembered while its count changes. */
export const typeOf = (gpu: GpuRequest | undefined): string => gpu?.type ?? "CPU";

/** What all that was chosen costs together; empty where nothing is chosen. */
export function totalPrice(gpus: readonly (GpuRequest | undefined)[], priceOf: PriceOf): string {
  if (!priceOf) return "local";
  return gpus.length === 0 ? "" : formatHourlyRate(gpus.reduce((sum, gpu) => sum + priceOf(gpu), 0));
}

function gpuLine({ name, memoryGb, maxCount }: GpuType, count: number, priceOf: PriceOf): GpuLine {
  const gpu = { type: name, count };
  return { gpu, label: formatGpu(gpu), description: described(memoryGb * count, priceOf?.(gpu)), maxCount };
}

const described = (memoryGb: number | undefined, price: number | undefined): string =>
  [memoryGb === undefined ? undefined : `${memoryGb} GB`, price === undefined ? undefined : formatHourlyRate(price)]
    .filter((part) => part !== undefined)
    .join(" · ");
