import { every } from "../../base/async";
import type { Disposable } from "../../base/disposable";
import type { ProcessUsage } from "../base/isolation";

const INTERVAL_MS = 1000;
const GIB = 1024 ** 3;

export interface ResourceUsage {
  readonly cpuNanoseconds: number;
  readonly memoryGibNanoseconds: number;
}

/**
 * The resources used by a sandbox's processes, sampled every second and at the end. If a program started by an exec
 * ends on its own, its usage since the last sample is lost.
 */
export class ResourceMeter implements Disposable {
  #processes: () => readonly ProcessUsage[];
  readonly #timer: Disposable;
  #last = new Map<string, ProcessUsage>();
  #lastAt = performance.now();
  #endedCpuNanoseconds = 0;
  #memoryGibNanoseconds = 0;

  constructor(processes: () => readonly ProcessUsage[]) {
    this.#processes = processes;
    this.#timer = every(INTERVAL_MS, () => this.sample());
    this.sample();
  }

  get usage(): ResourceUsage {
    const alive = [...this.#last.values()].reduce((sum, { cpuNanoseconds }) => sum + cpuNanoseconds, 0);
    return {
      cpuNanoseconds: Math.round(this.#endedCpuNanoseconds + alive),
      memoryGibNanoseconds: Math.round(this.#memoryGibNanoseconds),
    };
  }

  sample(): void {
    const now = performance.now();
    const current = new Map(this.#processes().map((process) => [process.id, process]));
    const pids = new Set([...this.#last.values()].map(({ pid }) => pid));
    for (const [id, process] of this.#last) {
      // When a process with a parent inside ends, its usage becomes part of the parent's.
      if (!current.has(id) && !pids.has(process.parentPid)) this.#endedCpuNanoseconds += process.cpuNanoseconds;
    }
    const bytes = [...current.values()].reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
    this.#memoryGibNanoseconds += (bytes / GIB) * (now - this.#lastAt) * 1e6;
    this.#last = current;
    this.#lastAt = now;
  }

  /** Takes a last sample and releases the root. */
  dispose(): void {
    this.#timer.dispose();
    this.sample();
    this.#processes = () => [];
  }
}
