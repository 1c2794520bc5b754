import { findGpuType, type GpuRequest } from "../../modal/gpus";
import { gpuLines, totalPrice, typeOf, type GpuLine, type Pricing } from "./gpuItems";

/** Which GPUs are ticked, and how many of each. */
export class GpuChecklist {
  readonly #pricing: Pricing;
  readonly #counts = new Map<string, number>();
  #ticked: ReadonlySet<string>;

  constructor(selected: readonly (GpuRequest | undefined)[], pricing: Pricing) {
    this.#pricing = pricing;
    this.#ticked = new Set(selected.map(typeOf));
    for (const gpu of selected) if (gpu) this.#counts.set(gpu.type, gpu.count);
  }

  get lines(): GpuLine[] {
    return gpuLines(this.#counts, this.#pricing);
  }

  get chosen(): (GpuRequest | undefined)[] {
    return this.lines.filter((line) => this.isTicked(line)).map(({ gpu }) => gpu);
  }

  /** What all of it costs together. */
  get total(): string {
    return totalPrice(this.chosen, this.#pricing);
  }

  isTicked({ gpu }: GpuLine): boolean {
    return this.#ticked.has(typeOf(gpu));
  }

  tick(lines: readonly GpuLine[]): void {
    this.#ticked = new Set(lines.map(({ gpu }) => typeOf(gpu)));
  }

  /** Sets a count, within what the type can have, and ticks the type. */
  setCount({ type, count }: GpuRequest): void {
    const maxCount = findGpuType(type)?.maxCount ?? 1;
    this.#counts.set(type, Math.min(Math.max(count, 1), maxCount));
    this.#ticked = new Set([...this.#ticked, type]);
  }
}
