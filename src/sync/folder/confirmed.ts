import type { FileEntry, FolderEntry } from "./folderEntry";

/**
 * Until when a sandbox's files are known to be what a baseline says, in seconds by the sandbox's clock. A file with a
 * later ctime was written since, even if its size and mtime are the same.
 */
export interface Confirmed {
  /** The time of every file that `later` does not name. */
  readonly at: number;
  /** The times of files that were sent or received after that, by path. */
  readonly later: ReadonlyMap<string, number>;
}

export const confirmedAt = (confirmed: Confirmed | undefined, path: string): number | undefined =>
  confirmed && (confirmed.later.get(path) ?? confirmed.at);

/** As `confirmedAt`, for an entry of a baseline. One that a pull brought has its own time. */
export function confirmedFile(confirmed: Confirmed | undefined, { path, thereCtime }: FileEntry): number | undefined {
  const at = confirmedAt(confirmed, path);
  return at === undefined ? thereCtime : Math.max(at, thereCtime ?? at);
}

/**
 * The times after a push. Only the files that it sent are confirmed by it: others may have been written before.
 * @param pushedAt when the push ended; `undefined` if the sandbox cannot say that
 */
export function confirmSent(
  before: Known | undefined,
  sent: Iterable<string>,
  pushedAt: number | undefined,
): Confirmed | undefined {
  if (pushedAt === undefined) return undefined;
  const later = new Map(before?.confirmed?.later);
  // A pull's entry has its own time, which the entry of a scan lacks.
  for (const entry of before?.entries.values() ?? [])
    if (entry.kind === "file" && entry.thereCtime !== undefined)
      later.set(entry.path, Math.max(entry.thereCtime, later.get(entry.path) ?? 0));
  const at = before?.confirmed?.at;
  for (const path of sent)
    if (at === undefined) later.delete(path);
    else later.set(path, pushedAt);
  return { at: at ?? pushedAt, later };
}

/** The parts of a baseline that matter here. */
interface Known {
  readonly entries: ReadonlyMap<string, FolderEntry>;
  readonly confirmed?: Confirmed | undefined;
}
