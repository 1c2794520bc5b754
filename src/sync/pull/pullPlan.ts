import type { Stats } from "node:fs";

import { UNKNOWN_TARGET, UNSETTLED, unsettled, type FolderEntry, type SkippedEntry } from "../folder/folderEntry";
import type { UnpackLimits } from "../archive/unpack";
import type { Guarded, PathGuard } from "../folder/pathGuard";
import type { RemoteEntry } from "../remote/remoteListing";
import { refusePath, type NameRules } from "../folder/safePath";

/** The entries that a pull requests from the sandbox. */
export interface PullPlan {
  /** Files and links, by path. */
  readonly wanted: ReadonlyMap<string, RemoteEntry>;
  /** The ones among them that are pulled only as copies. */
  readonly guarded: ReadonlyMap<string, Guarded>;
  /** Folders that are unknown here; folders come before their content. */
  readonly folders: readonly RemoteEntry[];
  readonly bytes: number;
  readonly skipped: readonly SkippedEntry[];
}

/** Allows for files that grew since they were listed, and for every file to be sent twice. */
export const archiveLimits = ({ wanted, bytes }: PullPlan): UnpackLimits => ({
  bytes: bytes * 1.1 + 64 * MIB,
  entries: wanted.size * 2 + 1000,
  streamBytes: bytes * 2.2 + wanted.size * 20_480 + 2048 * MIB,
});

const MIB = 1024 * 1024;

/**
 * Selects the entries of a listing that the sandbox's programs made or changed, compared with the known content of both
 * sides. Entries that were deleted there do not matter: a pull deletes nothing.
 */
export function planPull(
  listing: readonly RemoteEntry[],
  knownOf: (path: string) => FolderEntry | undefined,
  takes: (entry: RemoteEntry) => boolean,
  guard: PathGuard,
  rules: NameRules,
  confirmedAt: (path: string) => number | undefined,
): PullPlan {
  const wanted = new Map<string, RemoteEntry>();
  const guarded = new Map<string, Guarded>();
  const folders: RemoteEntry[] = [];
  const skipped: SkippedEntry[] = [];
  let bytes = 0;
  for (const entry of listing) {
    const known = knownOf(entry.path);
    if ((known && isUnchangedThere(entry, known, confirmedAt(entry.path))) || !takes(entry)) continue;
    const reason = entry.kind === "other" ? "isn't a file, a folder or a link" : refusePath(entry.path, rules);
    if (reason !== undefined) {
      skipped.push({ path: entry.path, reason });
      continue;
    }

    const found = guard.guard(entry.path, entry.kind);
    if (entry.kind === "directory") {
      if (!found) folders.push(entry);
    } else {
      if (found) guarded.set(entry.path, found);
      wanted.set(entry.path, entry);
      bytes += entry.kind === "file" ? entry.size : 0;
    }
  }
  return { wanted, guarded, folders, bytes, skipped };
}

/**
 * Pushed files have times in whole seconds, while those of programs have fractions. So the fraction shows if a file was
 * written again within the second of its old time, unless a pull recorded that exact time.
 * @param confirmedAt when both sides were last known to match, by the sandbox's clock
 */
export function isUnchangedThere(there: RemoteEntry, known: FolderEntry, confirmedAt?: number): boolean {
  if (there.kind !== known.kind) return false;
  switch (known.kind) {
    case "directory":
      return true;
    case "symlink":
      return known.target === UNKNOWN_TARGET ? isSameTime(there, known) : there.target === known.target;
    case "file":
      return there.size === known.size && isSameTime(there, known) && !isTouched(there, known.thereCtime, confirmedAt);
  }
}

/** True if a file was written since, even if its size and time are the same as before. */
const isTouched = ({ ctime }: RemoteEntry, receivedAt = 0, confirmedAt = receivedAt): boolean =>
  ctime !== undefined && confirmedAt > 0 && ctime > Math.max(receivedAt, confirmedAt);

function isSameTime(there: RemoteEntry, { mtimeMs }: FolderEntry): boolean {
  const knownMtime = mtimeMs / 1000;
  const isWholeSecond = there.mtime === Math.floor(there.mtime);
  return isWholeSecond ? there.mtime === Math.floor(knownMtime) : Math.abs(there.mtime - knownMtime) < SAME_TIME_S;
}

/** The precision of a time that went through a file system and a floating-point number. */
const SAME_TIME_S = 0.00001;

/** True if the entry here is unchanged since it was last pushed or pulled. */
export function isUnchangedHere(here: Stats, known: FolderEntry | undefined): boolean {
  if (known?.kind === "symlink") return here.isSymbolicLink() && here.mtimeMs === known.mtimeMs;
  return (
    known?.kind === "file" &&
    here.isFile() &&
    here.size === known.size &&
    here.mtimeMs === known.mtimeMs &&
    here.ino === known.ino &&
    (here.ctimeMs === known.ctimeMs || (known.ctimeMs === unsettled(here.ctimeMs) && hasFineTime(here)))
  );
}

/** If a file system has times in whole seconds, two changes may look like one. */
const hasFineTime = ({ mtimeMs }: Stats): boolean => mtimeMs % 1000 !== 0;

/** Makes the baseline's entry for a file or link that is the same on both sides. */
export function entryHere(path: string, here: Stats, target: string | undefined, there?: RemoteEntry): FolderEntry {
  const { mtimeMs, size, ctimeMs, ino } = here;
  const mode = here.mode & 0o7777;
  if (target !== undefined) return { kind: "symlink", path, mode, mtimeMs, target };
  return { kind: "file", path, mode, mtimeMs, size, ctimeMs, ino, ...thereCtimeOf(there) };
}

const thereCtimeOf = (there: RemoteEntry | undefined) =>
  there?.ctime === undefined ? {} : { thereCtime: there.ctime };

/**
 * Makes the baseline's entry for a file or link whose two versions are both kept: it describes the sandbox's version,
 * so that it is not pulled again, and treats the version here as changed, so that the next push includes it.
 */
export function entryThere(there: RemoteEntry, target: string | undefined): FolderEntry {
  const base = { path: there.path, mode: there.mode, mtimeMs: there.mtime * 1000 };
  if (target !== undefined) return { ...base, kind: "symlink", target };
  return { ...base, kind: "file", size: there.size, ctimeMs: UNSETTLED, ino: 0, ...thereCtimeOf(there) };
}

export const folderThere = ({ path, mode, mtime }: RemoteEntry): FolderEntry => ({
  kind: "directory",
  path,
  mode,
  mtimeMs: mtime * 1000,
});
