import { abortable } from "../base/async";
import { isNoCapacity } from "../modal/errors";
import { formatGpu } from "../modal/gpus";
import type { SandboxSpec } from "../modal/spec";
import { describeStep } from "../sandboxes/describe";
import type { RunningSandbox } from "../sandboxes/sandbox";
import type { SandboxService } from "../sandboxes/sandboxService";

/**
 * Offers the user another spec if no GPU of the requested type is free. Resolves to `undefined` if the user declines.
 */
export type OfferOther = (spec: SandboxSpec) => Promise<SandboxSpec | undefined>;

export interface WantedSandbox {
  readonly spec: SandboxSpec;
  readonly folder: string;
  readonly onStep: (step: string) => void;
  readonly signal: AbortSignal;
}

/** Creates a sandbox. Each time its GPU is unavailable, offers another one and tries that. */
export async function createOrSwap(
  sandboxes: SandboxService,
  offerOther: OfferOther | undefined,
  wanted: WantedSandbox,
): Promise<RunningSandbox> {
  const { spec, folder, onStep, signal } = wanted;
  try {
    return await sandboxes.create(
      {
        spec,
        folder,
        onDidEnterStep: (step) => onStep(describeStep(step, spec)),
      },
      signal,
    );
  } catch (error) {
    if (!isNoCapacity(error) || !offerOther) throw error;
    onStep(`Modal has no ${formatGpu(spec.gpu)} free right now`);
    const other = await abortable(offerOther(spec), signal);
    if (!other) throw error;
    onStep(`Trying ${formatGpu(other.gpu)} instead`);
    return createOrSwap(sandboxes, offerOther, { ...wanted, spec: other });
  }
}
