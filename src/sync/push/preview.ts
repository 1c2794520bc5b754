import type { FolderEntry, SkippedEntry } from "../folder/folderEntry";
import type { ExcludedGroup } from "../rules/excluded";
import type { Entries, Plan, RemoteStat, Write } from "./reconcile";

/** What the next push to a sandbox would do. */
export interface PushPreview {
  /** The first of them, in order of path; `changeCount` says how many there are. */
  readonly changes: readonly PreviewedChange[];
  readonly changeCount: number;
  readonly counts: Readonly<Record<ChangeKind, number>>;
  /** What would be sent. */
  readonly files: number;
  readonly bytes: number;
  /** What cannot be sent, and what is kept back because it may hold secrets. */
  readonly skipped: readonly SkippedEntry[];
  /** What the rules keep here. */
  readonly excluded: readonly ExcludedGroup[];
}

/** `stay` is gone here, but was changed in the sandbox. */
export type ChangeKind = "add" | "change" | "delete" | "stay";

export interface PreviewedChange {
  readonly kind: ChangeKind;
  readonly path: string;
  readonly entryKind: FolderEntry["kind"];
  /** Of what is sent; none for a folder, a link or a deletion. */
  readonly bytes: number | undefined;
  /** What more there is to say, each half a sentence. */
  readonly notes: readonly string[];
}

export interface PreviewFacts {
  readonly plan: Plan;
  /** What was pushed last. */
  readonly before: Entries;
  /** What the sandbox has, and what of that is as a push or a pull left it; `undefined` where it was not asked. */
  readonly remote: { readonly stats: ReadonlyMap<string, RemoteStat>; readonly ours: Entries } | undefined;
  readonly isGoneHere: (path: string) => boolean;
}

/** The changes of a push, one for each entry, without folders that other changes imply. */
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
 * @param replaced the kind of what was pushed before, where that was another
 * @param theirs what the sandbox's programs made or changed in its place
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
      ...(isKept ? ["changed in the sandbox too, whose version is kept beside it"] : []),
    ],
  };
}

const previewGone = (kind: "delete" | "stay", { path, kind: entryKind }: FolderEntry): PreviewedChange => ({
  kind,
  path,
  entryKind,
  bytes: undefined,
  notes: kind === "stay" ? ["deleted here, but changed in the sandbox, where it stays"] : [],
});

/** What a folder holds comes right behind it. */
function byPath(a: PreviewedChange, b: PreviewedChange): number {
  const [one, other] = [a, b].map(({ path }) => path.replaceAll("/", "\0")) as [string, string];
  return one < other ? -1 : 1;
}

/** A folder goes without saying where something in it, which follows it, says the same. */
const isImplied = ({ kind, entryKind, path }: PreviewedChange, next: PreviewedChange | undefined): boolean =>
  entryKind === "directory" && kind !== "change" && next?.kind === kind && next.path.startsWith(`${path}/`);

/** The whole file travels all the same. */
const isModeAlone = (entry: FolderEntry, known: FolderEntry | undefined): boolean =>
  entry.kind === "file" &&
  known?.kind === "file" &&
  known.size === entry.size &&
  known.mtimeMs === entry.mtimeMs &&
  known.mode !== entry.mode;

const KIND_WORDS: Record<FolderEntry["kind"], string> = { file: "file", directory: "folder", symlink: "link" };

const octal = (mode: number): string => mode.toString(8);
