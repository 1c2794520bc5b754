import { quote } from "../../base/quote";
import type { DirectoryEntry, FolderEntry } from "./folderEntry";

/**
 * Makes a shell script that sets the modes of the pushed folders, run at the top of the target once everything is in
 * place: tar and `mv` do not change the mode of a folder that already existed.
 */
export function directoryModes(entries: readonly FolderEntry[]): string {
  const byMode = new Map<number, DirectoryEntry[]>();
  const closed: DirectoryEntry[] = [];
  for (const entry of entries) {
    if (entry.kind !== "directory") continue;
    const group = byMode.get(entry.mode);
    if ((entry.mode & 0o700) !== 0o700) closed.push(entry);
    else if (group) group.push(entry);
    else byMode.set(entry.mode, [entry]);
  }

  // A folder that its owner cannot enter comes after its content, which has longer paths.
  closed.sort((a, b) => b.path.length - a.path.length);
  const groups = [...byMode.values(), ...closed.map((entry) => [entry])];
  return groups.flatMap((group) => inBatches(group).map(chmod)).join("");
}

/** Keeps a command line of the longest possible paths (4 KiB) under the usual limit of 2 MiB. */
const BATCH = 400;

function inBatches(group: readonly DirectoryEntry[]): (readonly DirectoryEntry[])[] {
  return Array.from({ length: Math.ceil(group.length / BATCH) }, (_, index) =>
    group.slice(index * BATCH, (index + 1) * BATCH),
  );
}

const chmod = (batch: readonly DirectoryEntry[]): string =>
  `chmod ${(batch[0]?.mode ?? 0).toString(8)} ${batch.map(({ path }) => quote(`./${path}`)).join(" ")}\n`;
