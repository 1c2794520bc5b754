import { existsSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, isAbsolute, join } from "node:path";

export const isWithin = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(folder === "/" ? "/" : `${folder}/`);

export const isWithinAny = (path: string, folders: readonly string[]): boolean =>
  folders.some((folder) => isWithin(path, folder));

/** Real paths, without those inside others. */
export function outermost(paths: readonly string[]): string[] {
  const real = [...new Set(paths.map(realPath))].sort();
  return real.filter(
    (path) =>
      !isWithinAny(
        path,
        real.filter((other) => other !== path),
      ),
  );
}

export function realPath(path: string): string {
  if (existsSync(path)) return realpathSync(path);
  return path === "/" ? path : join(realPath(dirname(path)), basename(path));
}

/**
 * The hidden folders that the programs on a search path need: the whole installation (`~/.pyenv`, `~/miniconda3`) if
 * there is one, otherwise only the folder of programs. Never a home itself or a folder that also holds personal data.
 */
function toolFolders(searchPath: string, hidden: readonly string[], homes: readonly string[]): string[] {
  const folders = searchPath.split(":").filter((folder) => isAbsolute(folder) && isFolder(folder));
  return outermost(
    folders
      .map(realPath)
      .filter((folder) => isWithinAny(folder, hidden) && !homes.includes(folder))
      .flatMap((folder) => installationOf(folder, homes)),
  );
}

function installationOf(folder: string, homes: readonly string[]): string[] {
  const parent = dirname(folder);
  const isPersonal =
    homes.includes(parent) || homes.some((home) => isWithin(home, parent)) || PERSONAL.has(basename(parent));
  if (basename(parent) === ".local") return [folder, join(parent, "lib")].filter(isFolder);
  if (isPersonal) return [folder];
  const isInstallation =
    basename(folder) === "shims" ||
    (PROGRAMS.has(basename(folder)) && HOLDINGS.some((name) => isFolder(join(parent, name))));
  return [isInstallation ? parent : folder];
}

const PROGRAMS = new Set(["bin", "sbin", "condabin"]);
const HOLDINGS = ["lib", "versions"];
/** Folders in a home that hold credentials next to programs. */
const PERSONAL = new Set([".local", ".cargo", ".config", ".cache"]);

/** Also false for paths that this user may not read. */
function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** The hidden folders that a sandbox may still see: the tools on the search path, and Node. */
export function visibleFolders(
  host: { path: string; nodePath: string; homes: readonly string[] },
  hidden: readonly string[],
): string[] {
  const tools = toolFolders(host.path, hidden, host.homes);
  const node = dirname(realPath(host.nodePath));
  return isWithinAny(node, hidden) ? outermost([...tools, node]) : tools;
}
