import { formatHourlyRate } from "../../base/format";
import { describePrice, hourlyRate, type Billable } from "../../sandboxes/costs/cost";
import type { Rates } from "../../modal/rates";
import { regionSurcharge } from "../../modal/regions";
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
  /** What a sandbox is beside its GPU. */
  readonly base: Omit<Billable, "gpu">;
  readonly rates: Rates;
  /** On the local backend nothing is billed. */
  readonly isFree: boolean;
}

/** What whoever picks a GPU should know of all the prices; empty where there is nothing. */
export const priceNote = ({ base, isFree }: Pricing): string => {
  const surcharge = isFree ? undefined : regionSurcharge(base.regions ?? []);
  return surcharge === undefined ? "" : ` · prices ${surcharge}`;
};

/** One line for each type, cheapest first, with the count that `counts` has for it. */
export function gpuLines(counts: ReadonlyMap<string, number>, pricing: Pricing): GpuLine[] {
  const types = gpuTypes.map((type) => gpuLine(type, counts.get(type.name) ?? 1, pricing));
  const rate = rateOf(undefined, pricing);
  return [{ gpu: undefined, label: "CPU only", description: priceOf(rate, pricing), maxCount: 1, rate }, ...types];
}

export const specLine = (name: string, definition: Billable, pricing: Pricing): GpuLine => {
  const rate = hourlyRate(definition, pricing.rates);
  const description = `${formatGpu(definition.gpu)} · ${describePrice(definition, pricing.rates)}${onModal(pricing)}`;
  return { gpu: definition.gpu, spec: name, label: name, description, maxCount: 1, rate };
};

/** One line for each count that the type can have. */
export const countLines = (type: GpuType, pricing: Pricing): GpuLine[] =>
  Array.from({ length: type.maxCount }, (_, index) => gpuLine(type, index + 1, pricing));

export const nameOf = ({ gpu, spec }: Choice): string => spec ?? formatGpu(gpu);

/** How the choice of a line is remembered while its count changes. */
export const keyOf = ({ gpu, spec }: Choice): string => (spec === undefined ? (gpu?.type ?? "CPU") : `spec ${spec}`);

/** What all that was chosen costs together; empty where nothing is chosen. */
export function totalPrice(lines: readonly GpuLine[], { isFree }: Pricing): string {
  if (isFree) return "free on the local backend";
  return lines.length === 0 ? "" : formatHourlyRate(lines.reduce((sum, { rate }) => sum + rate, 0));
}

function gpuLine({ name, memoryGb, maxCount }: GpuType, count: number, pricing: Pricing): GpuLine {
  const gpu = { type: name, count };
  const rate = rateOf(gpu, pricing);
  const description = `${memoryGb * count} GB · ${priceOf(rate, pricing)}`;
  return { gpu, label: formatGpu(gpu), description, maxCount, rate };
}

const rateOf = (gpu: GpuRequest | undefined, { base, rates }: Pricing): number => hourlyRate({ ...base, gpu }, rates);

const priceOf = (rate: number, pricing: Pricing): string => formatHourlyRate(rate) + onModal(pricing);

export const onModal = ({ isFree }: Pricing): string => (isFree ? " on Modal" : "");
