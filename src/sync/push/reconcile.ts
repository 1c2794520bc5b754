import type { DirectoryEntry, FileEntry, FolderEntry } from "../folder/folderEntry";

/** What makes a sandbox hold what the folder holds. */
export interface Plan {
  /** Folders, files and links to write, each with what the sandbox is known to have under that name. */
  readonly send: readonly Write[];
  /** Folders that are as they were but hold something that is written or deleted; their modes are given anew. */
  readonly around: readonly DirectoryEntry[];
  /** Entries of the baseline to remove, what a folder holds before the folder. */
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
 * @param isGone whether a path that the scan does not name is really not there: what is merely ignored by now, or could
 *   not be read, is left alone in the sandbox
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
    // What a folder holds has the longer path.
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

/** Everything below a folder that is gone is gone. */
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

/** A file in a sandbox as far as it can be asked for it in bulk. */
export interface RemoteStat {
  readonly kind: FolderEntry["kind"] | "other";
  readonly mode: number;
  readonly size: number;
  readonly mtimeSeconds: number;
  /** In seconds. */
  readonly ctime: number;
  /** The thousandths of a second in its time and a half for what is beyond; `undefined` where the sandbox does not tell. */
  readonly mtimeFraction: number | undefined;
}

/** The thousandths of a second in a time. */
export const fractionOf = (mtimeMs: number): number => Math.floor(mtimeMs - Math.floor(mtimeMs / 1000) * 1000);

/**
 * What of the candidates a sandbox turns out to hold: the entries of a baseline that can be relied upon.
 * @param candidates where several for one path fit, the last one counts
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
  // A push gives whole seconds, a program hardly ever does; what was pulled has a program's time.
  return (stat.mtimeFraction ?? 0) === 0 || Math.floor(stat.mtimeFraction ?? 0) === fractionOf(entry.mtimeMs);
}

const withMode = (entry: FolderEntry, mode: number): FolderEntry =>
  entry.kind === "symlink" || entry.mode === mode ? entry : { ...entry, mode };
