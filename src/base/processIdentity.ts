import { readFile } from "node:fs/promises";
import { codeOf } from "./errors";

/** Tells a process from a later one with the same id, where the system lets us. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Absent where the system does not say when a process started. */
  readonly start: string | undefined;
}

export const ownIdentity = async (): Promise<ProcessIdentity> => ({
  pid: process.pid,
  start: await startOf(process.pid),
});

/** `undefined` if a process of that id lives and nothing says whether it is the same one. */
export async function isAlive({ pid, start }: ProcessIdentity): Promise<boolean | undefined> {
  if (!exists(pid)) return false;
  const current = await startOf(pid);
  return start === undefined || current === undefined ? undefined : start === current;
}

/** True if some process has that id now, whichever it is. */
export function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}

/** Linux: the boot, and the tick of it at which the process started. */
async function startOf(pid: number): Promise<string | undefined> {
  try {
    const [boot, stat] = await Promise.all([
      readFile("/proc/sys/kernel/random/boot_id", "utf8"),
      readFile(`/proc/${pid}/stat`, "utf8"),
    ]);
    // The name, in parentheses, may hold spaces; the start is the 22nd field of the line, the 20th after the name.
    const tick = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[START_AFTER_NAME];
    return tick && `${boot.trim()} ${tick}`;
  } catch {
    return undefined;
  }
}

const START_AFTER_NAME = 19;
