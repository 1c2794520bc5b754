import { formatGpu } from "../../modal/gpus";
import type { SandboxSpec } from "../../modal/spec";
import type { OfferOther } from "../createOrSwap";

type Instead = Pick<SandboxSpec, "gpu" | "gpuFallback">;

/** Asks once for each GPU that is not to be had, on behalf of many sandboxes, and keeps to what was agreed. */
export class SharedOffers {
  readonly #ask: OfferOther;
  readonly #answers = new Map<string, Promise<Instead | undefined>>();
  readonly #agreed = new Map<string, Instead>();

  constructor(ask: OfferOther) {
    this.#ask = ask;
  }

  readonly offer: OfferOther = async (spec) => {
    const gpu = formatGpu(spec.gpu);
    const answer = this.#answers.get(gpu) ?? this.#ask(spec).then((other) => other && this.#agree(gpu, other));
    this.#answers.set(gpu, answer);
    try {
      const other = await answer;
      return other && { ...spec, ...other };
    } catch (error) {
      if (this.#answers.get(gpu) === answer) this.#answers.delete(gpu);
      throw error;
    }
  };

  /** The spec with what was agreed to so far. */
  agreed<S extends SandboxSpec>(spec: S): S {
    const other = this.#agreed.get(formatGpu(spec.gpu));
    return other ? this.agreed({ ...spec, ...other }) : spec;
  }

  #agree(wanted: string, { gpu, gpuFallback }: SandboxSpec): Instead {
    const other = { gpu, gpuFallback };
    this.#agreed.set(wanted, other);
    // It is to be tried once more, should it have been asked about before: nothing leads away from it.
    this.#agreed.delete(formatGpu(gpu));
    this.#answers.delete(formatGpu(gpu));
    return other;
  }
}
