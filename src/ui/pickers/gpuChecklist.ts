import { findGpuType, type GpuRequest } from "../../modal/gpus";
import { gpuLines, totalPrice, typeOf, type GpuLine, type PriceOf } from "./gpuItems";

/** Which GPUs are ticked, and how many of each. */
export class GpuChecklist {
  readonly #priceOf: PriceOf;
  readonly #counts = new Map<string, number>();
  #ticked: ReadonlySet<string>;

  constructor(selected: readonly (GpuRequest | undefined)[], priceOf: PriceOf) {
    this.#priceOf = priceOf;
    this.#ticked = new Set(selected.map(typeOf));
    for (const gpu of selected) if (gpu) this.#counts.set(gpu.type, gpu.count);
  }

  get lines(): GpuLine[] {
    return gpuLines(this.#counts, this.#priceOf);
  }

  get chosen(): (GpuRequest | undefined)[] {
    return this.lines.filter((line) => this.isTicked(line)).map(({ gpu }) => gpu);
  }

  /** What all of it costs together. */
  get total(): string {
    return totalPrice(this.chosen, this.#priceOf);
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
