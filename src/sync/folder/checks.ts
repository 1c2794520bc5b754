import { posix } from "node:path";

import { quote } from "../../base/quote";
import { confirmedFile, type Confirmed } from "./confirmed";
import type { FileEntry, FolderEntry } from "./folderEntry";
import { fractionOf, type Plan } from "../push/reconcile";

/**
 * Makes a shell script of calls to the receiver's functions. It first deletes what the plan deletes, then moves aside
 * what the sandbox has in the place of pushed entries. Files that the sandbox's programs made or changed are never
 * deleted. Entries are identified by their index in `checkedPaths`.
 */
export function checks(plan: Plan, confirmed: Confirmed | undefined): string {
  const lines: string[] = [];
  let index = 0;
  const batches = <T extends FolderEntry>(
    entries: readonly T[],
    line: (first: number, batch: readonly T[]) => string,
  ) => {
    for (let from = 0; from < entries.length; from += BATCH) {
      const batch = entries.slice(from, from + BATCH);
      lines.push(line(index, batch));
      index += batch.length;
    }
  };

  const groups = groupsOf(plan);
  batches(
    groups.deletedFiles,
    (first, files) => `gone ${first} ${quote(stats(files))} ${quote(times(files, confirmed))} ${paths(files)}`,
  );
  for (const link of groups.deletedLinks)
    batches([link], (first) => `gone_link ${first} ${quote(targetOf(link))} ${paths([link])}`);
  batches(groups.deletedFolders, (_, folders) => `gone_folders ${paths(folders)}`);
  batches(
    groups.knownFiles,
    (first, files) => `known ${first} ${quote(stats(files))} ${quote(times(files, confirmed))} ${paths(files)}`,
  );
  for (const link of groups.knownLinks)
    batches([link], (first) => `known_link ${first} ${quote(targetOf(link))} ${paths([link])}`);
  batches(groups.folders, (first, folders) => `folders ${first} ${paths(folders)}`);
  batches(groups.unknown, (first, entries) => `unknown ${first} ${paths(entries)}`);
  lines.push(`placing=${placingOf(plan)}`);
  return lines.map((line) => `${line}\n`).join("");
}

/** The paths that the numbers in the receiver's output refer to. */
export function checkedPaths(plan: Plan): string[] {
  const { deletedFiles, deletedLinks, deletedFolders, knownFiles, knownLinks, folders, unknown } = groupsOf(plan);
  return [deletedFiles, deletedLinks, deletedFolders, knownFiles, knownLinks, folders, unknown].flatMap((group) =>
    group.map(({ path }) => path),
  );
}

function groupsOf(plan: Plan) {
  const known = plan.send.flatMap((write) => (write.known ? [write.known] : []));
  return {
    deletedFiles: plan.delete.filter(isFile),
    deletedLinks: plan.delete.filter(isLink),
    deletedFolders: plan.delete.filter(isFolder),
    knownFiles: known.filter(isFile),
    knownLinks: known.filter(isLink),
    folders: plan.send.map(({ entry }) => entry).filter(isFolder),
    unknown: plan.send.flatMap(({ entry, known: before }) => (before || isFolder(entry) ? [] : [entry])),
  };
}

/** The way to put pushed entries in place: by hard links, all in one step, or by moving them folder by folder. */
export function placingOf({ send }: Plan): "none" | "link" | "move" {
  if (send.length === 0) return "none";
  const sent = new Set(send.map(({ entry }) => entry.path));
  const folders = new Set(send.map(({ entry }) => posix.dirname(entry.path)));
  const filled = [...folders].filter((folder) => !sent.has(folder));
  return filled.length > MOVED_BY_FOLDER ? "link" : "move";
}

/**
 * The most existing folders to move files into: `mv` needs a process for each folder, `cp -l` a few for all of them but
 * a second name for each file.
 */
const MOVED_BY_FOLDER = 4;

/** Keeps a command line of the longest possible paths (4 KiB) under the usual limit of 2 MiB. */
const BATCH = 400;

const isFile = (entry: FolderEntry): entry is FileEntry => entry.kind === "file";
const isLink = (entry: FolderEntry) => entry.kind === "symlink";
const isFolder = (entry: FolderEntry) => entry.kind === "directory";

const targetOf = (entry: FolderEntry): string => (entry.kind === "symlink" ? entry.target : "");

const paths = (entries: readonly FolderEntry[]): string => entries.map(({ path }) => quote(`./${path}`)).join(" ");

/** The format that `stat -c '%s %Y'` prints. */
const stats = (files: readonly FileEntry[]): string =>
  files.map(({ size, mtimeMs }) => `${size} ${Math.floor(mtimeMs / 1000)}`).join("\n");

/**
 * A word for each file: the milliseconds of its mtime and, after a comma, its ctime in the sandbox if that is known.
 */
const times = (files: readonly FileEntry[], confirmed: Confirmed | undefined): string =>
  files
    .map((file) => {
      const fraction = fractionOf(file.mtimeMs).toString().padStart(3, "0");
      const until = confirmedFile(confirmed, file);
      return until === undefined ? fraction : `${fraction},${nextMicrosecond(until)}`;
    })
    .join(" ");

/** Formatted as seconds and nanoseconds. A floating-point number of seconds is accurate to less than a microsecond. */
function nextMicrosecond(seconds: number): string {
  const microseconds = Math.ceil(seconds * 1e6) + 1;
  return `${Math.floor(microseconds / 1e6)}.${(microseconds % 1e6).toString().padStart(6, "0")}000`;
}
