import { realpath, stat } from "node:fs/promises";
import { isAbsolute, join, posix, relative, sep } from "node:path";
import { quote } from "../../base/quote";

/** A folder of this machine and its path in sandboxes. */
export interface FolderPlace {
  readonly path: string;
  readonly remotePath: string;
}

/**
 * Returns the paths on this machine that a file of a sandbox may have. An absolute path maps into each folder that
 * contains it, a relative path into every folder. No result is outside these folders, whatever path the program prints.
 */
export function localPaths(remotePath: string, folders: readonly FolderPlace[], workdir = ""): string[] {
  return folders.flatMap((folder) => {
    const absolute = posix.resolve("/", folder.remotePath, workdir, remotePath);
    const inside = posix.relative(folder.remotePath, absolute);
    const path = join(folder.path, inside);
    return inside !== "" && !leadsOut(inside, "/") && !leadsOut(relative(folder.path, path), sep) ? [path] : [];
  });
}

/** Returns the first of these paths that is a file and isn't behind a link that leads out of its folder. */
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

/** True if the real path of a file is outside its folder. */
export async function isBehindLink(folder: string, path: string): Promise<boolean> {
  const inside = await Promise.all([realpath(folder), realpath(path)]).then(
    ([from, to]) => relative(from, to),
    () => "",
  );
  return leadsOut(inside, sep);
}

/**
 * Replaces the path of a local file in terminal input by its path in the sandbox, quoted for a shell. VS Code types the
 * path of a file that is dropped on a terminal, without quotes in terminals of extensions.
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

/** A terminal puts markers around pasted text if the program asked for them. */
const PASTE = /^(\x1b\[200~)?(.*?)(\x1b\[201~)?$/;

const leadsOut = (path: string, separator: string) =>
  path === ".." || path.startsWith(`..${separator}`) || isAbsolute(path);
