import { formatGpu } from "../../modal/gpus";
import type { SandboxSpec } from "../../modal/spec";
import type { OfferOther } from "../createOrSwap";

type Replacement = Pick<SandboxSpec, "gpu" | "gpuFallback">;

/** Asks only once for each unavailable GPU on behalf of many sandboxes, and applies the answer to all of them. */
export class SharedOffers {
  readonly #ask: OfferOther;
  readonly #answers = new Map<string, Promise<Replacement | undefined>>();
  readonly #agreed = new Map<string, Replacement>();

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

  /** Returns the spec with the replacements that the user agreed to. */
  agreed<S extends SandboxSpec>(spec: S): S {
    const other = this.#agreed.get(formatGpu(spec.gpu));
    return other ? this.agreed({ ...spec, ...other }) : spec;
  }

  #agree(wanted: string, { gpu, gpuFallback }: SandboxSpec): Replacement {
    const other = { gpu, gpuFallback };
    this.#agreed.set(wanted, other);
    // Try this GPU even if it was replaced before. Otherwise replacements could form a cycle.
    this.#agreed.delete(formatGpu(gpu));
    this.#answers.delete(formatGpu(gpu));
    return other;
  }
}
