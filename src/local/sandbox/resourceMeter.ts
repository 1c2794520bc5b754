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
 * What the processes of a sandbox have used, looked at every second and at its end: of a program that an exec started
 * and that ended by itself, what it used since the last look is lost.
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
    this.#timer = every(INTERVAL_MS, () => {
      this.sample();
    });
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
      // What has a parent inside is part of what that parent has used, once it has ended.
      if (!current.has(id) && !pids.has(process.parentPid)) this.#endedCpuNanoseconds += process.cpuNanoseconds;
    }
    const bytes = [...current.values()].reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
    this.#memoryGibNanoseconds += (bytes / GIB) * (now - this.#lastAt) * 1e6;
    this.#last = current;
    this.#lastAt = now;
  }

  /** Looks a last time, and lets go of what it looked at. */
  dispose(): void {
    this.#timer.dispose();
    this.sample();
    this.#processes = () => [];
  }
}
