import { readdir, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

/** Every process started with it in its environment, and their children, can be found again by it. */
export const markerName = "TEST_PROCESS_TREE";

/**
 * Waits for the processes of a marker to end and kills those that do not.
 *
 * @returns The command lines of the killed. Only Linux can look for them; elsewhere none is found.
 */
export async function endProcessTree(marker: string, graceMs: number): Promise<string[]> {
  const deadline = Date.now() + graceMs;
  while (Date.now() < deadline && (await markedProcesses(marker)).length > 0) await delay(100);

  const left = await markedProcesses(marker);
  const commands = await Promise.all(left.map(commandLine));
  for (const pid of left) kill(pid);
  return commands;
}

/** The ids of the processes whose command line contains all of these. Only Linux can look for them. */
export async function findProcesses(...parts: readonly string[]): Promise<number[]> {
  const pids = await processIds();
  const commands = await Promise.all(pids.map(commandLine));
  return pids.filter((_, index) => parts.every((part) => commands[index]?.includes(part)));
}

async function markedProcesses(marker: string): Promise<number[]> {
  const pids = await processIds();
  const marked = await Promise.all(
    pids.map(async (pid) => (await readText(`/proc/${pid}/environ`)).includes(`${markerName}=${marker}`)),
  );
  return pids.filter((_, index) => marked[index]);
}

async function processIds(): Promise<number[]> {
  if (process.platform !== "linux") return [];
  return (await readdir("/proc")).map(Number).filter(Number.isInteger);
}

const commandLine = async (pid: number): Promise<string> =>
  (await readText(`/proc/${pid}/cmdline`)).replaceAll("\0", " ").trim();

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "latin1");
  } catch {
    // The process has ended, or is another user's.
    return "";
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}
