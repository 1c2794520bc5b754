import { lstat, opendir } from "node:fs/promises";
import { join } from "node:path";

const LARGE_BYTES = 32 * 1024 * 1024;
const MANY_ENTRIES = 2000;

/** True if copying these folders would take long. Stops looking as soon as the answer is known. */
export async function isLarge(folders: readonly string[]): Promise<boolean> {
  const pending = [...folders];
  let bytes = 0;
  let entries = 0;
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop())
    for await (const entry of await opendir(folder)) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) pending.push(path);
      else if (entry.isFile()) bytes += (await lstat(path)).size;
      entries += 1;
      if (bytes > LARGE_BYTES || entries > MANY_ENTRIES) return true;
    }
  return false;
}
