import { mkdir, readFile, realpath, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isWithinAny } from "./hostPaths";

/** Names resolve inside as they do outside, also where `/etc/resolv.conf` leads into a folder that is not shown. */
export async function installResolver(base: string, hidden: readonly string[]): Promise<void> {
  try {
    const path = await realpath("/etc/resolv.conf");
    if (!isWithinAny(path, hidden)) return;
    const content = await readFile(path);
    await mkdir(join(base, dirname(path)), { recursive: true });
    await writeFile(join(base, path), content);
  } catch {
    // A host without a resolver: its sandboxes have none either.
  }
}
