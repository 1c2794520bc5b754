import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";

/**
 * The value of an overlay's `lowerdir` for a mount made in `path`. A mount's options must fit into one page of memory,
 * so each folder, topmost first, is named by a link of one or two characters.
 */
export async function lowerOptions(path: string, folders: readonly string[]): Promise<string> {
  const names = folders.map((_, index) => `l/${index.toString(36)}`);
  await mkdir(join(path, "l"));
  for (const [index, folder] of folders.entries()) await symlink(folder, join(path, names[index] ?? ""));
  return names.join(":");
}
