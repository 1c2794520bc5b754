import { formatHourlyRate } from "../../base/format";
import type { Billable } from "../../sandboxes/cost";
import { formatGpu, gpuTypes, type GpuRequest, type GpuType } from "../../modal/gpus";

/** What a sandbox is to be: what the settings say with a GPU or without one, or what a named spec says. */
export interface Choice {
  readonly gpu: GpuRequest | undefined;
  /** The spec's name; `gpu` is its own then. */
  readonly spec?: string;
}

/** What the picker says of a choice. */
export interface GpuLine extends Choice {
  readonly label: string;
  readonly description: string;
  readonly maxCount: number;
  /** US dollars an hour. */
  readonly rate: number;
}

export interface Pricing {
  /** Of a whole sandbox with that GPU on Modal, in US dollars an hour. */
  readonly rateOf: (gpu: GpuRequest | undefined) => number;
  /** The same of a sandbox that is described on its own. */
  readonly rateOfSpec: (spec: Billable) => number;
  /** On the local backend nothing is billed. */
  readonly isFree: boolean;
}

/** One line for each type, cheapest first, with the count that `counts` has for it. */
export function gpuLines(counts: ReadonlyMap<string, number>, pricing: Pricing): GpuLine[] {
  const types = gpuTypes.map((type) => gpuLine(type, counts.get(type.name) ?? 1, pricing));
  const rate = pricing.rateOf(undefined);
  return [{ gpu: undefined, label: "CPU only", description: priceOf(rate, pricing), maxCount: 1, rate }, ...types];
}

export const specLine = (name: string, definition: Billable, pricing: Pricing): GpuLine => {
  const rate = pricing.rateOfSpec(definition);
  const description = `${formatGpu(definition.gpu)} · ${priceOf(rate, pricing)}`;
  return { gpu: definition.gpu, spec: name, label: name, description, maxCount: 1, rate };
};

/** One line for each count that the type can have. */
export const countLines = (type: GpuType, pricing: Pricing): GpuLine[] =>
  Array.from({ length: type.maxCount }, (_, index) => gpuLine(type, index + 1, pricing));

/** How the choice of a line is remembered while its count changes. */
export const keyOf = ({ gpu, spec }: Choice): string => (spec === undefined ? (gpu?.type ?? "CPU") : `spec ${spec}`);

/** What all that was chosen costs together; empty where nothing is chosen. */
export function totalPrice(lines: readonly GpuLine[], { isFree }: Pricing): string {
  if (isFree) return "free on the local backend";
  return lines.length === 0 ? "" : formatHourlyRate(lines.reduce((sum, { rate }) => sum + rate, 0));
}

function gpuLine({ name, memoryGb, maxCount }: GpuType, count: number, pricing: Pricing): GpuLine {
  const gpu = { type: name, count };
  const rate = pricing.rateOf(gpu);
  const description = `${memoryGb * count} GB · ${priceOf(rate, pricing)}`;
  return { gpu, label: formatGpu(gpu), description, maxCount, rate };
}

const priceOf = (rate: number, { isFree }: Pricing): string => `${formatHourlyRate(rate)}${isFree ? " on Modal" : ""}`;
