import { formatHourlyRate } from "../../base/format";
import { describePrice, hourlyRate, type Billable } from "../../sandboxes/costs/cost";
import type { Rates } from "../../modal/rates";
import { regionSurcharge } from "../../modal/regions";
import { formatGpu, gpuTypes, type GpuRequest, type GpuType } from "../../modal/gpus";

/** A sandbox to create: a named spec, or what the settings say with this GPU or without one. */
export interface Choice {
  readonly gpu: GpuRequest | undefined;
  /** The name of a spec, in which case `gpu` is the spec's GPU. */
  readonly spec?: string;
}

/** A choice with what the picker says about it. */
export interface GpuLine extends Choice {
  readonly label: string;
  readonly description: string;
  readonly maxCount: number;
  /** US dollars per hour. */
  readonly rate: number;
}

export interface Pricing {
  /** The sandbox without its GPU. */
  readonly base: Omit<Billable, "gpu">;
  readonly rates: Rates;
  /** True on the local backend, where nothing is billed. */
  readonly isFree: boolean;
}

/** A note about all prices; empty if there is nothing to say. */
export const priceNote = ({ base, isFree }: Pricing): string => {
  const surcharge = isFree ? undefined : regionSurcharge(base.regions ?? []);
  return surcharge === undefined ? "" : ` · prices ${surcharge}`;
};

/** Returns a row for each type, cheapest first, with its count from `counts`. */
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

/** Returns a row for each count that the type allows. */
export const countLines = (type: GpuType, pricing: Pricing): GpuLine[] =>
  Array.from({ length: type.maxCount }, (_, index) => gpuLine(type, index + 1, pricing));

export const nameOf = ({ gpu, spec }: Choice): string => spec ?? formatGpu(gpu);

/** Identifies a row while its count changes. */
export const keyOf = ({ gpu, spec }: Choice): string => (spec === undefined ? (gpu?.type ?? "CPU") : `spec ${spec}`);

/** Returns what all the rows cost in all; empty if there are none. */
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
