import { formatGpu, gpuArgument, type GpuRequest } from "../../modal/gpus";
import type { RateSource } from "../../modal/rates";
import type { SandboxSpec } from "../../modal/spec";
import { describePrice } from "../../sandboxes/costs/cost";
import { showWarning } from "../outsideText";
import { pickGpu } from "../pickers/gpuPicker";

const PICK = "Pick Another GPU…";

/** Asks which GPU to use instead: one of the spec's fallbacks, which are shown with prices, or any other. */
export async function offerOtherGpu(spec: SandboxSpec, rates: RateSource): Promise<SandboxSpec | undefined> {
  const offers = spec.gpuFallback.map((gpu) => {
    const price = describePrice({ ...spec, gpu }, rates.current);
    return { title: `${formatGpu(gpu)} · ${price}`, gpu };
  });
  const question = `Modal has no ${formatGpu(spec.gpu)} free right now. Run on another GPU instead?`;
  const answer = await showWarning(question, ...offers.map(({ title }) => title), PICK);
  const offered = offers.find(({ title }) => title === answer);
  if (offered) return withGpu(spec, offered.gpu);
  const picked = answer === PICK ? await pickGpu(`Instead of ${formatGpu(spec.gpu)}`, spec, rates) : undefined;
  return picked && withGpu(spec, picked.gpu);
}

/** Returns the spec with another GPU, which is then no longer among its fallbacks. */
export function withGpu(spec: SandboxSpec, gpu: GpuRequest | undefined): SandboxSpec {
  const rest = spec.gpuFallback.filter((other) => !gpu || gpuArgument(other) !== gpuArgument(gpu));
  return { ...spec, gpu, gpuFallback: rest };
}
