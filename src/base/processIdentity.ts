import { readFile } from "node:fs/promises";
import { codeOf } from "./errors";

/** Identifies a process so that a later one with the same id is not mistaken for it, where the system allows that. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Absent on systems that do not report when a process started. */
  readonly start: string | undefined;
}

export const ownIdentity = async (): Promise<ProcessIdentity> => ({
  pid: process.pid,
  start: await startOf(process.pid),
});

/** Returns `undefined` if a process with that id is alive but may be a different one. */
export async function isAlive({ pid, start }: ProcessIdentity): Promise<boolean | undefined> {
  if (!exists(pid)) return false;
  const current = await startOf(pid);
  return start === undefined || current === undefined ? undefined : start === current;
}

/** True if any process has that id now. */
export function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}

/** Linux: the id of the boot, and the clock tick at which the process started. */
async function startOf(pid: number): Promise<string | undefined> {
  try {
    const [boot, stat] = await Promise.all([
      readFile("/proc/sys/kernel/random/boot_id", "utf8"),
      readFile(`/proc/${pid}/stat`, "utf8"),
    ]);
    // The name, in parentheses, may contain spaces. The start time is field 22 of the line, the 20th after the name.
    const tick = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[START_AFTER_NAME];
    return tick && `${boot.trim()} ${tick}`;
  } catch {
    return undefined;
  }
}

const START_AFTER_NAME = 19;
