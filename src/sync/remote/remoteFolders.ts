import { posix } from "node:path";

/**
 * Returns the place in a sandbox of each of a window's folders: a single folder is `remotePath` itself; of several,
 * each gets its own folder below it. The user chooses the names, so they may be equal or contain steps such as "..".
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
