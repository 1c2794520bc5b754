import type { GpuRequest } from "../../modal/gpus";
import { hourlyRate } from "../../sandboxes/cost";
import { specFromSettings, usesLocalBackend } from "../settings";
import { pickOneGpu } from "./pickOneGpu";
import { pickSeveralGpus } from "./pickSeveralGpus";

export interface PickGpusOptions {
  readonly title: string;
  /** What is chosen at first; `undefined` is a sandbox without a GPU. */
  readonly selected: readonly (GpuRequest | undefined)[];
  /** Whether several may be chosen, each for a sandbox of its own. */
  readonly isMultiple: boolean;
}

/** The GPUs that the user chose, where `undefined` is "CPU only"; `undefined` for the whole if the user went away. */
export async function pickGpus(options: PickGpusOptions): Promise<(GpuRequest | undefined)[] | undefined> {
  const { title, selected, isMultiple } = options;
  const pricing = {
    rateOf: (gpu: GpuRequest | undefined) => hourlyRate(specFromSettings(gpu)),
    isFree: usesLocalBackend(),
  };
  return isMultiple ? pickSeveralGpus(title, selected, pricing) : pickOneGpu(title, selected[0], pricing);
}
