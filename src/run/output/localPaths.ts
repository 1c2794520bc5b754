import { realpath, stat } from "node:fs/promises";
import { isAbsolute, join, posix, relative, sep } from "node:path";
import { quote } from "../../base/quote";

/** A folder of this machine and its place in sandboxes. */
export interface FolderPlace {
  readonly path: string;
  readonly remotePath: string;
}

/**
 * Where on this machine a file of a sandbox may be: in each folder whose place it is in, or from which a relative path
 * leads to it. Never outside of them, whatever a program says.
 */
export function localPaths(remotePath: string, folders: readonly FolderPlace[], workdir = ""): string[] {
  return folders.flatMap((folder) => {
    const absolute = posix.resolve("/", folder.remotePath, workdir, remotePath);
    const inside = posix.relative(folder.remotePath, absolute);
    const path = join(folder.path, inside);
    return inside !== "" && !leadsOut(inside, "/") && !leadsOut(relative(folder.path, path), sep) ? [path] : [];
  });
}

/** The first of those that is a file, and is in its folder itself rather than behind a link that leads out of it. */
export async function localFile(
  remotePath: string,
  folders: readonly FolderPlace[],
  workdir = "",
): Promise<string | undefined> {
  for (const folder of folders) {
    const [path] = localPaths(remotePath, [folder], workdir);
    const found = path === undefined ? undefined : await stat(path).catch(() => undefined);
    if (path !== undefined && found?.isFile() && !(await isBehindLink(folder.path, path))) return path;
  }
  return undefined;
}

/** Whether a file of a folder is outside of it by its real path. */
export async function isBehindLink(folder: string, path: string): Promise<boolean> {
  const inside = await Promise.all([realpath(folder), realpath(path)]).then(
    ([from, to]) => relative(from, to),
    () => "",
  );
  return leadsOut(inside, sep);
}

/**
 * What a terminal is given, with the path of a file in a folder replaced by that in the sandbox, as a shell reads it: VS
 * Code types the path of a file that is dropped on a terminal, without quotes where the terminal is an extension's.
 */
export function remoteInput(input: string, folders: readonly FolderPlace[]): string {
  const [, begin = "", path = "", end = ""] = PASTE.exec(input) ?? [];
  if (!isAbsolute(path)) return input;
  const [inside] = folders
    .map(({ path: folder, remotePath }) => ({ remotePath, path: relative(folder, path) }))
    .filter((found) => !leadsOut(found.path, sep))
    .sort((one, other) => one.path.length - other.path.length);
  return inside ? begin + quote(posix.join(inside.remotePath, ...inside.path.split(sep))) + end : input;
}

/** A terminal marks what is pasted where the program asked for it. */
const PASTE = /^(\x1b\[200~)?(.*?)(\x1b\[201~)?$/;

const leadsOut = (path: string, separator: string) =>
  path === ".." || path.startsWith(`..${separator}`) || isAbsolute(path);
