import type { GpuSample, MetricSample } from "./metrics";

/** The peak of the busiest GPU, in percent and bytes. */
export interface GpuPeak {
  readonly utilization: number;
  readonly memoryBytes: number;
}

const CAPACITY = 240;

/**
 * The samples of a sandbox, oldest first. Older samples are thinned out, so each one stands for more time the longer
 * the sandbox runs.
 */
export class MetricHistory {
  #samples: readonly MetricSample[] = [];

  get all(): readonly MetricSample[] {
    return this.#samples;
  }

  add(sample: MetricSample): void {
    this.#samples = [...(this.#samples.length < CAPACITY ? this.#samples : halved(this.#samples)), sample];
  }

  /** Returns the peak between two moments, `undefined` if no GPU was measured in between. */
  gpuPeak(from: number, to: number): GpuPeak | undefined {
    const gpus = this.#samples.flatMap((sample) => (sample.at >= from && sample.at <= to ? (sample.gpus ?? []) : []));
    if (gpus.length === 0) return undefined;
    return {
      utilization: Math.max(...gpus.map(({ utilization = 0 }) => utilization)),
      memoryBytes: Math.max(...gpus.map(({ memory }) => memory?.used ?? 0)),
    };
  }
}

/** Keeps every second sample, with the GPU peaks of the sample before it. */
const halved = (samples: readonly MetricSample[]): MetricSample[] =>
  samples.flatMap((sample, index) => {
    const before = samples[index - 1];
    if (index % 2 === 0 || !before) return [];
    return [{ ...sample, gpus: sample.gpus?.map((gpu, at) => higher(gpu, before.gpus?.[at])) ?? before.gpus }];
  });

function higher(gpu: GpuSample, before: GpuSample | undefined): GpuSample {
  if (!before) return gpu;
  const isBusier = (before.utilization ?? 0) > (gpu.utilization ?? 0);
  const isFuller = (before.memory?.used ?? 0) > (gpu.memory?.used ?? 0);
  return {
    ...gpu,
    ...(isBusier && { utilization: before.utilization }),
    ...(isFuller && { memory: before.memory }),
  };
}
