import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The folders of a sync benchmark. */
export interface SyncWork {
  /** Returns a folder to sync, on disk, where users' folders are. */
  source(name: string): string;
  /**
   * Returns a folder to sync into, in memory: on disk, creating files right after others were removed is ten times
   * slower.
   */
  target(name: string): string;
}

export async function withSyncWork<T>(work: (folders: SyncWork) => Promise<T>): Promise<T> {
  const [disk, memory] = [tmpdir(), existsSync("/dev/shm") ? "/dev/shm" : tmpdir()].map((parent) =>
    mkdtempSync(join(parent, "bench-sync-")),
  ) as [string, string];
  const folderIn = (parent: string) => (name: string) => {
    const path = join(parent, name);
    rmSync(path, { recursive: true, force: true });
    mkdirSync(path);
    return path;
  };
  try {
    return await work({ source: folderIn(disk), target: folderIn(memory) });
  } finally {
    for (const folder of [disk, memory]) rmSync(folder, { recursive: true, force: true });
  }
}

/** Rejects if the command fails. */
export async function shell(script: string, ...args: string[]): Promise<void> {
  const { status, stderr } = spawnSync("sh", ["-c", script, "sh", ...args]);
  if (status !== 0) throw new Error(`${script} ended with ${String(status)}: ${stderr.toString()}`);
  return Promise.resolve();
}

/** The reference commands exclude the same files. */
export const GNU_TAR = 'tar -C "$1" --exclude=./node_modules --exclude=./generated -cf - . | tar -C "$2" -xf -';
export const RSYNC = 'rsync -a --delete --exclude=/node_modules --exclude=/generated "$1/" "$2/"';
