import type { DirectoryEntry, FileEntry, FolderEntry } from "../folder/folderEntry";

/** The changes that make a sandbox match the folder. */
export interface Plan {
  /** Folders, files and links to write, each with the known entry in the sandbox under that name. */
  readonly send: readonly Write[];
  /** Unchanged folders with content that is written or deleted; their modes are set again. */
  readonly around: readonly DirectoryEntry[];
  /** Entries of the baseline to delete, a folder's content before the folder. */
  readonly delete: readonly FolderEntry[];
  readonly files: number;
  readonly bytes: number;
}

export interface Write {
  readonly entry: FolderEntry;
  readonly known: FolderEntry | undefined;
}

export type Entries = ReadonlyMap<string, FolderEntry>;

/**
 * Compares the folder with the baseline.
 * @param local in the order of a scan
 * @param isGone true if a path that is missing from the scan no longer exists: entries that are only ignored, or that
 *   could not be read, are left alone in the sandbox
 */
export function reconcile(local: readonly FolderEntry[], known: Entries, isGone: (path: string) => boolean): Plan {
  const send: Write[] = [];
  const removed: FolderEntry[] = [];
  let matched = 0;
  for (const entry of local) {
    const before = known.get(entry.path);
    if (before) matched += 1;
    if (before && isSame(entry, before)) continue;
    send.push({ entry, known: before?.kind === entry.kind ? before : undefined });
    if (before && before.kind !== entry.kind) removed.push(before);
  }

  if (matched < known.size) {
    const paths = new Set(local.map(({ path }) => path));
    const gone = new GoneFolders(isGone);
    for (const entry of known.values()) if (!paths.has(entry.path) && gone.has(entry.path)) removed.push(entry);
  }

  const files = send.flatMap(({ entry }) => (entry.kind === "file" ? [entry.size] : []));
  return {
    send,
    around: foldersAround(local, send, removed),
    // A folder's content has longer paths than the folder.
    delete: removed.sort((a, b) => b.path.length - a.path.length),
    files: files.length,
    bytes: files.reduce((sum, size) => sum + size, 0),
  };
}

export const isEmpty = (plan: Plan): boolean => plan.send.length === 0 && plan.delete.length === 0;

function isSame(a: FolderEntry, b: FolderEntry): boolean {
  if (a === b) return a.kind !== "file" || a.ctimeMs > 0;
  switch (a.kind) {
    case "directory":
      return b.kind === "directory" && a.mode === b.mode;
    case "symlink":
      return b.kind === "symlink" && a.target === b.target;
    case "file":
      return b.kind === "file" && isSameFile(a, b);
  }
}

const isSameFile = (a: FileEntry, b: FileEntry): boolean =>
  a.ctimeMs === b.ctimeMs &&
  a.ctimeMs > 0 &&
  a.mtimeMs === b.mtimeMs &&
  a.size === b.size &&
  a.ino === b.ino &&
  a.mode === b.mode;

/** Everything below a missing folder is missing. */
class GoneFolders {
  readonly #isGone: (path: string) => boolean;
  readonly #folders = new Map<string, boolean>();

  constructor(isGone: (path: string) => boolean) {
    this.#isGone = isGone;
  }

  has(path: string): boolean {
    const folder = folderOf(path);
    return (folder !== "" && this.#folder(folder)) || this.#isGone(path);
  }

  #folder(path: string): boolean {
    const known = this.#folders.get(path);
    if (known !== undefined) return known;
    const isGone = this.has(path);
    this.#folders.set(path, isGone);
    return isGone;
  }
}

function foldersAround(
  local: readonly FolderEntry[],
  send: readonly Write[],
  removed: readonly FolderEntry[],
): DirectoryEntry[] {
  if (send.length === local.length) return [];
  const around = new Set<string>();
  const addAbove = (path: string) => {
    for (let folder = folderOf(path); folder !== "" && !around.has(folder); folder = folderOf(folder))
      around.add(folder);
  };
  for (const { entry } of send) addAbove(entry.path);
  for (const entry of removed) addAbove(entry.path);
  for (const { entry } of send) around.delete(entry.path);
  if (around.size === 0) return [];
  return local.filter((entry): entry is DirectoryEntry => entry.kind === "directory" && around.has(entry.path));
}

const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/")));

/** The part of a file's status that a sandbox can report in bulk. */
export interface RemoteStat {
  readonly kind: FolderEntry["kind"] | "other";
  readonly mode: number;
  readonly size: number;
  readonly mtimeSeconds: number;
  /** In seconds. */
  readonly ctime: number;
  /**
   * The milliseconds of its mtime, plus one half if there are further digits; `undefined` if the sandbox does not
   * report them.
   */
  readonly mtimeFraction: number | undefined;
}

/** Returns the milliseconds of a time. */
export const fractionOf = (mtimeMs: number): number => Math.floor(mtimeMs - Math.floor(mtimeMs / 1000) * 1000);

/**
 * Returns the candidates that a sandbox turns out to have, for a baseline that can be trusted.
 * @param candidates if several match for one path, the last one counts
 */
export function recognize(
  candidates: readonly FolderEntry[],
  remote: ReadonlyMap<string, RemoteStat>,
): Map<string, FolderEntry> {
  const found = new Map<string, FolderEntry>();
  for (const entry of candidates) {
    const stat = remote.get(entry.path);
    if (stat && looksLike(entry, stat)) found.set(entry.path, withMode(entry, stat.mode));
  }
  return found;
}

function looksLike(entry: FolderEntry, stat: RemoteStat): boolean {
  if (entry.kind !== stat.kind) return false;
  if (entry.kind === "directory") return true;
  const size = entry.kind === "file" ? entry.size : Buffer.byteLength(entry.target);
  if (stat.size !== size || stat.mtimeSeconds !== Math.floor(entry.mtimeMs / 1000)) return false;
  // A pushed file has a time in whole seconds, which programs hardly ever write; a pulled file has a program's time.
  return (stat.mtimeFraction ?? 0) === 0 || Math.floor(stat.mtimeFraction ?? 0) === fractionOf(entry.mtimeMs);
}

const withMode = (entry: FolderEntry, mode: number): FolderEntry =>
  entry.kind === "symlink" || entry.mode === mode ? entry : { ...entry, mode };
