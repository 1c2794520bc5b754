import { posix } from "node:path";

import { quote } from "../../base/quote";
import { confirmedFile, type Confirmed } from "./confirmed";
import type { FileEntry, FolderEntry } from "./folderEntry";
import { fractionOf, type Plan } from "../push/reconcile";

/**
 * A shell script for the receiver, in its functions' terms: first removes what the plan deletes, then sets aside what the
 * sandbox has in the place of what is written, both only as far as the sandbox's programs left it alone or made it.
 * Entries are called by their place in `checkedPaths`.
 * @param confirmed until when the sandbox's files are known
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

/** What the numbers in the receiver's answer stand for. */
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

/** How what a plan sends comes into its place: by links, all at once, or moved there folder by folder. */
export function placingOf({ send }: Plan): "none" | "link" | "move" {
  if (send.length === 0) return "none";
  const sent = new Set(send.map(({ entry }) => entry.path));
  const folders = new Set(send.map(({ entry }) => posix.dirname(entry.path)));
  const filled = [...folders].filter((folder) => !sent.has(folder));
  return filled.length > MOVED_BY_FOLDER ? "link" : "move";
}

/** That many folders that are there before: `mv` takes a process for each folder, `cp` a few for all of them and a second name for each file. */
const MOVED_BY_FOLDER = 4;

/** Keeps a command line of the longest possible paths (4 KiB) under the usual limit of 2 MiB. */
const BATCH = 400;

const isFile = (entry: FolderEntry): entry is FileEntry => entry.kind === "file";
const isLink = (entry: FolderEntry) => entry.kind === "symlink";
const isFolder = (entry: FolderEntry) => entry.kind === "directory";

const targetOf = (entry: FolderEntry): string => (entry.kind === "symlink" ? entry.target : "");

const paths = (entries: readonly FolderEntry[]): string => entries.map(({ path }) => quote(`./${path}`)).join(" ");

/** As `stat -c '%s %Y'` prints them. */
const stats = (files: readonly FileEntry[]): string =>
  files.map(({ size, mtimeMs }) => `${size} ${Math.floor(mtimeMs / 1000)}`).join("\n");

/** For each file a word: the thousandths of its time and, after a comma, until when it is known if that is known. */
const times = (files: readonly FileEntry[], confirmed: Confirmed | undefined): string =>
  files
    .map((file) => {
      const fraction = fractionOf(file.mtimeMs).toString().padStart(3, "0");
      const until = confirmedFile(confirmed, file);
      return until === undefined ? fraction : `${fraction},${nextMicrosecond(until)}`;
    })
    .join(" ");

/** As seconds and nanoseconds. A floating-point number of seconds is exact to less than a microsecond. */
function nextMicrosecond(seconds: number): string {
  const microseconds = Math.ceil(seconds * 1e6) + 1;
  return `${Math.floor(microseconds / 1e6)}.${(microseconds % 1e6).toString().padStart(6, "0")}000`;
}
