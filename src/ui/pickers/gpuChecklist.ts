import { findGpuType, type GpuRequest } from "../../modal/gpus";
import { gpuLines, keyOf, totalPrice, type Choice, type GpuLine, type Pricing } from "./gpuItems";

/** Which named specs and which GPUs are ticked, and how many of each GPU. */
export class GpuChecklist {
  readonly #pricing: Pricing;
  readonly #specs: readonly GpuLine[];
  readonly #counts = new Map<string, number>();
  #ticked: ReadonlySet<string>;

  /** `specs`: a line for each named spec. */
  constructor(selected: readonly Choice[], pricing: Pricing, specs: readonly GpuLine[] = []) {
    this.#pricing = pricing;
    this.#specs = specs;
    this.#ticked = new Set(selected.map(keyOf));
    for (const { gpu, spec } of selected) if (gpu && spec === undefined) this.#counts.set(gpu.type, gpu.count);
  }

  /** The named specs, then the GPUs. */
  get lines(): GpuLine[] {
    return [...this.#specs, ...gpuLines(this.#counts, this.#pricing)];
  }

  get chosen(): Choice[] {
    return this.#chosenLines.map(({ gpu, spec }) => (spec === undefined ? { gpu } : { gpu, spec }));
  }

  /** What all of it costs together. */
  get total(): string {
    return totalPrice(this.#chosenLines, this.#pricing);
  }

  isTicked(choice: Choice): boolean {
    return this.#ticked.has(keyOf(choice));
  }

  tick(lines: readonly Choice[]): void {
    this.#ticked = new Set(lines.map(keyOf));
  }

  /** Sets a count, within what the type can have, and ticks the type. */
  setCount({ type, count }: GpuRequest): void {
    const maxCount = findGpuType(type)?.maxCount ?? 1;
    this.#counts.set(type, Math.min(Math.max(count, 1), maxCount));
    this.#ticked = new Set([...this.#ticked, type]);
  }

  get #chosenLines(): GpuLine[] {
    return this.lines.filter((line) => this.isTicked(line));
  }
}
