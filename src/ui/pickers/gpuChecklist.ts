import { findGpuType, parseGpu, type GpuRequest } from "../../modal/gpus";
import { gpuLines, keyOf, nameOf, totalPrice, type Choice, type GpuLine, type Pricing } from "./gpuItems";
import { TickList } from "./tickList";

/** The state of the GPU list: the checked named specs and GPUs, the count of each GPU, and what Enter starts. */
export class GpuChecklist {
  readonly #pricing: Pricing;
  readonly #specs: readonly GpuLine[];
  readonly #counts = new Map<string, number>();
  readonly #list: TickList<GpuLine>;

  /** `specs` has a row for each named spec. */
  constructor(selected: readonly Choice[], pricing: Pricing, specs: readonly GpuLine[] = []) {
    this.#pricing = pricing;
    this.#specs = specs;
    for (const { gpu, spec } of selected) if (gpu && spec === undefined) this.#counts.set(gpu.type, gpu.count);
    const keys = new Set(selected.map(keyOf));
    const lines = this.#lines();
    const ticked = lines.filter((line) => keys.has(keyOf(line)));
    this.#list = new TickList(lines, ticked, { keyOf, rowOf: lineOfRequest });
  }

  /** The named specs, then the GPUs. */
  get lines(): readonly GpuLine[] {
    return this.#list.rows;
  }

  get active(): GpuLine | undefined {
    return this.#list.active;
  }

  get ticked(): readonly GpuLine[] {
    return this.#list.ticked;
  }

  /** The choices that Enter starts. */
  get chosen(): Choice[] {
    return this.#list.accepted.map(({ gpu, spec }) => (spec === undefined ? { gpu } : { gpu, spec }));
  }

  /** Says what Enter starts and what it costs in all; empty if Enter starts nothing. */
  get summary(): string {
    const lines = this.#list.accepted;
    return lines.length === 0 ? "" : `${lines.map(nameOf).join(", ")} · ${totalPrice(lines, this.#pricing)}`;
  }

  /** Returns true if the user changed something. */
  tick(lines: readonly GpuLine[]): boolean {
    return this.#list.tick(lines);
  }

  activate(line: GpuLine | undefined): void {
    this.#list.activate(line);
  }

  activateOther(): void {
    this.#list.activateOther();
  }

  /** Reports what is typed into the filter; `H100:2` also sets the count. */
  type(typed: string): void {
    const request = readRequest(typed);
    if (request) this.#count(request);
    this.#list.type(typed);
  }

  /** Sets the count of a GPU type, up to its maximum, and checks its row. */
  setCount(request: GpuRequest): void {
    this.#count(request);
    const line = this.lines.find(({ gpu, spec }) => gpu?.type === request.type && spec === undefined);
    if (line) this.#list.add(line);
  }

  #count({ type, count }: GpuRequest): void {
    const maxCount = findGpuType(type)?.maxCount ?? 1;
    this.#counts.set(type, Math.min(Math.max(count, 1), maxCount));
    this.#list.replace(this.#lines());
  }

  #lines(): GpuLine[] {
    return [...this.#specs, ...gpuLines(this.#counts, this.#pricing)];
  }
}

const readRequest = (typed: string): GpuRequest | undefined => (typed.includes(":") ? parseGpu(typed) : undefined);

/** Finds the row for `H100:2`, whose label is `2 × H100`. */
function lineOfRequest(typed: string, lines: readonly GpuLine[]): GpuLine | undefined {
  const request = readRequest(typed);
  return request && lines.find(({ gpu, spec }) => spec === undefined && gpu?.type === request.type);
}
