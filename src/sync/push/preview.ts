import type { FolderEntry, SkippedEntry } from "../folder/folderEntry";
import type { ExcludedGroup } from "../rules/excluded";
import type { Entries, Plan, RemoteStat, Write } from "./reconcile";

/** The changes that the next push to a sandbox would make. */
export interface PushPreview {
  /** The first changes, in order of path; `changeCount` is the total. */
  readonly changes: readonly PreviewedChange[];
  readonly changeCount: number;
  readonly counts: Readonly<Record<ChangeKind, number>>;
  /** The number of files that would be pushed. */
  readonly files: number;
  readonly bytes: number;
  /** Entries that cannot be pushed, and those that are not pushed because they may hold secrets. */
  readonly skipped: readonly SkippedEntry[];
  /** Entries that the rules exclude. */
  readonly excluded: readonly ExcludedGroup[];
}

/** `stay`: deleted here, but changed in the sandbox. */
export type ChangeKind = "add" | "change" | "delete" | "stay";

export interface PreviewedChange {
  readonly kind: ChangeKind;
  readonly path: string;
  readonly entryKind: FolderEntry["kind"];
  /** The bytes to push; undefined for a folder, a link or a deletion. */
  readonly bytes: number | undefined;
  /** Details, each a phrase. */
  readonly notes: readonly string[];
}

export interface PreviewFacts {
  readonly plan: Plan;
  /** The entries of the last push. */
  readonly before: Entries;
  /**
   * The entries that the sandbox has, and those that are unchanged since a push or a pull; `undefined` if it was not asked.
   */
  readonly remote: { readonly stats: ReadonlyMap<string, RemoteStat>; readonly ours: Entries } | undefined;
  readonly isGoneHere: (path: string) => boolean;
}

/** Returns the changes of a push, one per entry, without folders that other changes imply. */
export function previewChanges({ plan, before, remote, isGoneHere }: PreviewFacts): PreviewedChange[] {
  const theirs = (path: string) => (remote?.ours.has(path) ? undefined : remote?.stats.get(path));
  const removed = new Map(plan.delete.map((entry) => [entry.path, entry.kind]));
  const sent = new Set(plan.send.map(({ entry }) => entry.path));
  const writes = plan.send.map((write) => previewWrite(write, removed.get(write.entry.path), theirs(write.entry.path)));

  const isThere = (path: string) => !remote || remote.stats.has(path);
  const gone = plan.delete.filter(({ path }) => !sent.has(path) && isThere(path));
  const deleted = gone.filter(({ path }) => !theirs(path)).map((entry) => previewGone("delete", entry));
  const changedThere = [...before.values()].filter(
    ({ path, kind }) => kind !== "directory" && theirs(path) && !sent.has(path) && isGoneHere(path),
  );
  const left = changedThere.map((entry) => previewGone("stay", entry));
  const all = [...writes, ...deleted, ...left].sort(byPath);
  return all.filter((change, index) => !isImplied(change, all[index + 1]));
}

export function countChanges(changes: readonly PreviewedChange[]): Record<ChangeKind, number> {
  const counts = { add: 0, change: 0, delete: 0, stay: 0 };
  for (const { kind } of changes) counts[kind] += 1;
  return counts;
}

/**
 * @param replaced the kind of the entry pushed before, if it was a different kind
 * @param theirs the entry that the sandbox's programs made or changed in its place
 */
function previewWrite(
  { entry, known }: Write,
  replaced: FolderEntry["kind"] | undefined,
  theirs: RemoteStat | undefined,
): PreviewedChange {
  const isKept = theirs !== undefined && !(theirs.kind === "directory" && entry.kind === "directory");
  return {
    kind: known || replaced || isKept ? "change" : "add",
    path: entry.path,
    entryKind: entry.kind,
    bytes: entry.kind === "file" && !isModeAlone(entry, known) ? entry.size : undefined,
    notes: [
      ...(replaced ? [`${KIND_WORDS[replaced]} → ${KIND_WORDS[entry.kind]}`] : []),
      ...(known && known.mode !== entry.mode ? [`mode ${octal(known.mode)} → ${octal(entry.mode)}`] : []),
      ...(entry.kind === "symlink" ? [`link to ${entry.target}`] : []),
      ...(isKept ? ["changed in the sandbox too; its version is kept next to it"] : []),
    ],
  };
}

const previewGone = (kind: "delete" | "stay", { path, kind: entryKind }: FolderEntry): PreviewedChange => ({
  kind,
  path,
  entryKind,
  bytes: undefined,
  notes: kind === "stay" ? ["deleted here, but changed in the sandbox, so it stays there"] : [],
});

/** Sorts a folder's content directly after the folder. */
function byPath(a: PreviewedChange, b: PreviewedChange): number {
  const [one, other] = [a, b].map(({ path }) => path.replaceAll("/", "\0")) as [string, string];
  return one < other ? -1 : 1;
}

/** A folder is implied if the next change is the same kind of change inside it. */
const isImplied = ({ kind, entryKind, path }: PreviewedChange, next: PreviewedChange | undefined): boolean =>
  entryKind === "directory" && kind !== "change" && next?.kind === kind && next.path.startsWith(`${path}/`);

/** True if only the mode changed. The whole file is pushed anyway. */
const isModeAlone = (entry: FolderEntry, known: FolderEntry | undefined): boolean =>
  entry.kind === "file" &&
  known?.kind === "file" &&
  known.size === entry.size &&
  known.mtimeMs === entry.mtimeMs &&
  known.mode !== entry.mode;

const KIND_WORDS: Record<FolderEntry["kind"], string> = { file: "file", directory: "folder", symlink: "link" };

const octal = (mode: number): string => mode.toString(8);
