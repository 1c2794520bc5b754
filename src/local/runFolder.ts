import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { codeOf } from "../base/errors";

export interface RunFolder {
  readonly path: string;
  remove(): Promise<void>;
}

/** A folder of this process in the state folder, once those of servers that died have been removed. */
export async function openRunFolder(stateFolder: string): Promise<RunFolder> {
  const runs = join(stateFolder, "run");
  await mkdir(runs, { recursive: true, mode: 0o700 });
  await removeLeftovers(runs);

  const path = join(runs, String(process.pid));
  await mkdir(path, { mode: 0o700 });
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

async function removeLeftovers(runs: string): Promise<void> {
  for (const name of await readdir(runs)) {
    const isOurs = Number(name) === process.pid;
    if (isOurs || !isRunning(Number(name))) await rm(join(runs, name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}
