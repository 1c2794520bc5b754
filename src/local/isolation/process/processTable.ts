import { readdirSync, readFileSync } from "node:fs";
import type { ProcessUsage } from "../../base/isolation";
import { pidNamespaceOf } from "./sessions";

// The largest share of the time that may be spent reading the table.
const MAX_SHARE = 0.02;
const MIN_AGE_MS = 500;

/** This machine's processes by namespace. Callers that ask at about the same time share one reading of the table. */
export class ProcessTable {
  #byNamespace = new Map<string, readonly number[]>();
  #validUntil = 0;

  /** The processes in the same process id namespace as `pid`. */
  inNamespaceOf(pid: number): readonly ProcessUsage[] {
    const namespace = pidNamespaceOf(pid);
    if (namespace === undefined) return [];
    if (performance.now() > this.#validUntil) this.#read();
    const pids = this.#byNamespace.get(namespace) ?? [];
    return pids.flatMap((member) => usageOf(member) ?? []);
  }

  #read(): void {
    const startedAt = performance.now();
    const byNamespace = new Map<string, number[]>();
    for (const name of readdirSync("/proc")) {
      const pid = Number(name);
      const namespace = Number.isInteger(pid) ? pidNamespaceOf(pid) : undefined;
      if (namespace === undefined) continue;
      const members = byNamespace.get(namespace);
      if (members) members.push(pid);
      else byNamespace.set(namespace, [pid]);
    }
    this.#byNamespace = byNamespace;
    const endedAt = performance.now();
    this.#validUntil = endedAt + Math.max(MIN_AGE_MS, (endedAt - startedAt) / MAX_SHARE);
  }
}

function usageOf(pid: number): ProcessUsage | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return undefined;
  }
  // The program's name, in parentheses, may contain anything. The third field follows it.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const field = (number: number) => Number(fields[number - 3]);
  return {
    id: `${pid}@${field(22)}`,
    pid,
    parentPid: field(4),
    cpuNanoseconds: ((field(14) + field(15) + field(16) + field(17)) / TICKS_PER_SEC) * 1e9,
    memoryBytes: field(24) * pageSize(),
  };
}

// The value of `sysconf(_SC_CLK_TCK)` on every Linux.
const TICKS_PER_SEC = 100;
const AT_PAGESZ = 6n;
const DEFAULT_PAGE_BYTES = 4096;

function pageSize(): number {
  try {
    const auxiliary = readFileSync("/proc/self/auxv");
    for (let at = 0; at + 16 <= auxiliary.length; at += 16)
      if (auxiliary.readBigUInt64LE(at) === AT_PAGESZ) return Number(auxiliary.readBigUInt64LE(at + 8));
  } catch {
    // Use the most common size.
  }
  return DEFAULT_PAGE_BYTES;
}
