import { constants } from "node:fs";
import {
  chmod,
  chown,
  copyFile,
  lstat,
  lutimes,
  mkdir,
  readdir,
  readlink,
  rm,
  symlink,
  utimes,
} from "node:fs/promises";
import type { BigIntStats } from "node:fs";
import { dirname, join } from "node:path";
import { codeOf } from "../../base/errors";

/** The entries of a folder by path. An entry's stamp changes when the entry does. */
export type Inventory = ReadonlyMap<string, { readonly stamp: string; readonly stats: BigIntStats }>;

/** Parents come before their children. */
export async function takeInventory(folder: string): Promise<Inventory> {
  const found = new Map<string, { stamp: string; stats: BigIntStats }>();
  const visit = async (path: string): Promise<void> => {
    for (const name of (await ignoreMissing(readdir(join(folder, path)))) ?? []) {
      const inner = join(path, name);
      const stats = await ignoreMissing(lstat(join(folder, inner), { bigint: true }));
      if (!stats) continue;
      const { ino, ctimeNs, size, mode } = stats;
      found.set(inner, { stamp: [ino, ctimeNs, size, mode].join(" "), stats });
      if (stats.isDirectory()) await visit(inner);
    }
  };
  await visit("");
  return found;
}

export interface FolderChanges {
  /** Paths that no longer exist. */
  readonly removed: readonly string[];
  /** Paths of added or changed entries, parents first. */
  readonly written: readonly string[];
}

export function compare(before: Inventory, after: Inventory): FolderChanges {
  const changed = [...after].filter(([path, { stamp }]) => before.get(path)?.stamp !== stamp);
  return {
    removed: [
      ...[...before.keys()].filter((path) => !after.has(path)),
      ...changed.filter(([, { stats }]) => isWhiteout(stats)).map(([path]) => path),
    ],
    written: changed.filter(([, { stats }]) => !isWhiteout(stats)).map(([path]) => path),
  };
}

export interface ApplyOptions {
  readonly from: string;
  readonly to: string;
  readonly changes: FolderChanges;
  /** Folders that hide their earlier content. */
  readonly replaced: ReadonlySet<string>;
}

/** Applies changes to another folder. Its files are never written in place, because other folders may share them. */
export async function applyChanges({ from, to, changes, replaced }: ApplyOptions): Promise<void> {
  for (const path of changes.removed) await rm(join(to, path), { recursive: true, force: true });
  for (const path of changes.written) {
    if (replaced.has(path)) await rm(join(to, path), { recursive: true, force: true });
    // An entry that disappeared in the meantime will count as removed next time.
    await ignoreMissing(copyEntry(join(from, path), join(to, path)));
  }
}

async function copyEntry(from: string, to: string): Promise<void> {
  const stats = await lstat(from);
  const present = await ignoreMissing(lstat(to));
  if (present && !(present.isDirectory() && stats.isDirectory())) await rm(to, { recursive: true, force: true });
  await mkdir(dirname(to), { recursive: true });

  if (stats.isDirectory()) await mkdir(to, { recursive: true });
  else if (stats.isSymbolicLink()) {
    await symlink(await readlink(from), to);
    await lutimes(to, stats.atime, stats.mtime);
    return;
  } else if (stats.isFile()) await copyFile(from, to, constants.COPYFILE_FICLONE);
  else return;

  await chown(to, stats.uid, stats.gid);
  await chmod(to, stats.mode & 0o7777);
  if (stats.isFile()) await utimes(to, stats.atime, stats.mtime);
}

/** An overlay marks a removed entry this way. */
const isWhiteout = (stats: BigIntStats): boolean => stats.isCharacterDevice() && stats.rdev === 0n;

async function ignoreMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return undefined;
    throw error;
  }
}
