import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { codeOf } from "../../../base/errors";

/** A session of processes, identified so that a reused process id on the host cannot be mistaken for it. */
export interface Session {
  /** The leader's process id in its own namespace. */
  readonly id: number;
  /** The target of `/proc/PID/ns/pid`. Undefined if the host has no `/proc`. */
  readonly pidNamespace: string | undefined;
}

export function pidNamespaceOf(pid: number | "self"): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return undefined;
  }
}

/** Signals every process of a session. If sessions cannot be listed, signals the leader's process group. */
export function signalSession(session: Session, signal: NodeJS.Signals): void {
  if (session.pidNamespace === undefined) {
    signalProcess(-session.id, signal);
    return;
  }
  const signalled = new Set<number>();
  // The next round finds processes that were forked while the list was read.
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const missed = membersOf(session).filter((pid) => !signalled.has(pid));
    if (missed.length === 0) return;
    for (const pid of missed) {
      signalProcess(pid, signal);
      signalled.add(pid);
    }
  }
}

const MAX_ROUNDS = 10;

function membersOf(session: Session): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pidNamespaceOf(pid) === session.pidNamespace && sessionIdOf(pid) === session.id);
}

/** The id in the process's own namespace, which is the last number in the list. */
function sessionIdOf(pid: number): number | undefined {
  try {
    const line = /^NSsid:\s*(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return Number(line?.split(/\s+/).at(-1));
  } catch {
    return undefined;
  }
}

function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (codeOf(error) !== "ESRCH") throw error;
  }
}
