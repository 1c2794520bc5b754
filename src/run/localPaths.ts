import { isAbsolute, join, posix, relative, sep } from "node:path";

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

const leadsOut = (path: string, separator: string) =>
  path === ".." || path.startsWith(`..${separator}`) || isAbsolute(path);
