import { posix } from "node:path";

/**
 * Where each of a window's folders lies in a sandbox: the only one at `remotePath` itself, of several each in a folder of
 * its own. Names are the user's to choose: they may be equal, or lead elsewhere.
 */
export function remoteFolders(names: readonly string[], remotePath: string): string[] {
  if (names.length === 1) return [remotePath];
  const taken = new Set<string>();
  return names.map((name) => {
    const plain = name.replaceAll(/[\0/\\]/g, "-").replace(/^\.{0,2}$/, "folder");
    let free = plain;
    for (let count = 2; taken.has(free); count += 1) free = `${plain}-${count}`;
    taken.add(free);
    return posix.join(remotePath, free);
  });
}
