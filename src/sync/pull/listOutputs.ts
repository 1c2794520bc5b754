import { readdirSync } from "node:fs";
import { join } from "node:path";

import type { RemoteEntry } from "../remote/remoteListing";

export type OutputEntry = Pick<RemoteEntry, "path"> & { readonly kind: "file" | "symlink" | "directory" };

/**
 * Lists everything in a folder of outputs, with paths relative to it. It does not use a recursive `readdir`: some
 * versions of Node then follow links to folders, and a program can create links that form a cycle. Synchronous (see
 * `scan`).
 */
export function listOutputs(folder: string, most = MOST_ENTRIES): OutputEntry[] {
  const entries: OutputEntry[] = [];
  const waiting = [""];
  for (let parent = waiting.pop(); parent !== undefined; parent = waiting.pop())
    for (const dirent of readdirSync(join(folder, parent), { withFileTypes: true })) {
      const path = parent === "" ? dirent.name : `${parent}/${dirent.name}`;
      if (dirent.isDirectory()) waiting.push(path);
      const kind = dirent.isDirectory() ? "directory" : dirent.isSymbolicLink() ? "symlink" : "file";
      if (kind === "file" && !dirent.isFile()) continue;
      if (entries.length === most)
        throw new Error(`The folder has more than ${most.toLocaleString("en-US")} entries. Copy its files yourself.`);
      entries.push({ path, kind });
    }
  return entries.sort((one, other) => (one.path < other.path ? -1 : 1));
}

const MOST_ENTRIES = 1_000_000;
