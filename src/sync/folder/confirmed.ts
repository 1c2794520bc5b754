import type { FileEntry, FolderEntry } from "./folderEntry";
import type { Inventory } from "./inventory";

/**
 * The times until which a sandbox's files are known to match a baseline, in seconds of the sandbox's clock. A file with
 * a later ctime was written since, even if its size and mtime are the same.
 */
export interface Confirmed {
  /** The time that applies to every file not in `later`. */
  readonly at: number;
  /** The times of files that were pushed or pulled after that, by path. */
  readonly later: ReadonlyMap<string, number>;
}

export const confirmedAt = (confirmed: Confirmed | undefined, path: string): number | undefined =>
  confirmed && (confirmed.later.get(path) ?? confirmed.at);

/** Like `confirmedAt`, for an entry of a baseline. An entry from a pull has its own time. */
export function confirmedFile(confirmed: Confirmed | undefined, { path, thereCtime }: FileEntry): number | undefined {
  const at = confirmedAt(confirmed, path);
  return at === undefined ? thereCtime : Math.max(at, thereCtime ?? at);
}

/**
 * Returns the times after a push. It confirms only the files that it pushed: others may have been written before.
 * @param pushedAt when the push ended; `undefined` if the sandbox cannot report it
 */
export function confirmSent(
  before: Known | undefined,
  sent: Iterable<string>,
  pushedAt: number | undefined,
): Confirmed | undefined {
  if (pushedAt === undefined) return undefined;
  const later = new Map(before?.confirmed?.later);
  // An entry from a pull has its own time, which the entry from a scan lacks.
  for (const entry of before?.entries.values() ?? [])
    if (entry.kind === "file" && entry.thereCtime !== undefined)
      later.set(entry.path, Math.max(entry.thereCtime, later.get(entry.path) ?? 0));
  const at = before?.confirmed?.at;
  for (const path of sent)
    if (at === undefined) later.delete(path);
    else later.set(path, pushedAt);
  return { at: at ?? pushedAt, later };
}

interface Recognized {
  readonly entries: ReadonlyMap<string, FolderEntry>;
  /** Sent by a push that did not end. */
  readonly unconfirmed: readonly FolderEntry[];
  readonly inventory: Inventory;
}

/**
 * Returns the times of the recognized entries. An incomplete push may have written files after the last complete one.
 */
export function confirmRecognized(
  before: Known | undefined,
  { entries, unconfirmed, inventory: { stats, latestChange } }: Recognized,
): Confirmed | undefined {
  const at = before?.confirmed?.at ?? latestChange;
  if (at === undefined) return undefined;
  const later = new Map(before?.confirmed?.later);
  for (const { path } of unconfirmed) {
    const ctime = stats.get(path)?.ctime;
    // A file that looks as before was not placed; a program may have written it.
    if (ctime !== undefined && !looksAlike(entries.get(path), before?.entries.get(path))) later.set(path, ctime);
  }
  return { at, later };
}

const looksAlike = (one: FolderEntry | undefined, other: FolderEntry | undefined): boolean =>
  one?.kind === "file" &&
  other?.kind === "file" &&
  one.size === other.size &&
  Math.floor(one.mtimeMs / 1000) === Math.floor(other.mtimeMs / 1000);

/** The parts of a baseline that are needed here. */
interface Known {
  readonly entries: ReadonlyMap<string, FolderEntry>;
  readonly confirmed?: Confirmed | undefined;
}
