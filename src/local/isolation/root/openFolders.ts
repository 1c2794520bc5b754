import { existsSync, realpathSync } from "node:fs";
import { mkdir, opendir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isWithin } from "../host/hostPaths";
import { lowerOptions } from "./lowers";

/** A system folder where programs may be installed: the sandbox's own layer takes the writes. */
export interface OpenFolder {
  readonly path: string;
  /** Empty folders that belong to the server's user, for the host's folders that root owns. */
  readonly skeleton: string;
  /** The name of its folder in the folder of a root. */
  readonly name: string;
}

/** The places for software that does not come with the system. */
const OPEN = ["/opt", "/usr/local"];

/**
 * The kernel lets a user write only to folders that the user owns, and a folder takes its owner from the topmost
 * layer. So each of the host's folders gets an empty twin above it.
 */
export async function planOpenFolders(workshop: string, mountedPaths: readonly string[]): Promise<OpenFolder[]> {
  // A folder that holds other mounts cannot be a layer in a user namespace.
  const possible = OPEN.filter(
    (path) =>
      existsSync(path) && realpathSync(path) === path && !mountedPaths.some((mounted) => isWithin(mounted, path)),
  );
  return Promise.all(
    possible.map(async (path, index) => {
      const skeleton = join(workshop, String(index));
      await copyFolders(path, skeleton, DEPTH);
      return { path, skeleton, name: `open${index}` };
    }),
  );
}

/** Deep enough for `lib/python3.12/site-packages`. */
const DEPTH = 4;

async function copyFolders(from: string, to: string, depth: number): Promise<void> {
  await mkdir(to, { recursive: true });
  if (depth === 0) return;
  try {
    for await (const entry of await opendir(from))
      if (entry.isDirectory()) await copyFolders(join(from, entry.name), join(to, entry.name), depth - 1);
  } catch {
    // The folder is closed to this user, and stays so in a sandbox.
  }
}

/** Prepares the folders that assemblePrivateRoot.sh mounts. */
export async function layOutOpenFolders(
  path: string,
  open: readonly OpenFolder[],
  layers: readonly string[],
): Promise<void> {
  for (const folder of open) {
    const own = join(path, folder.name);
    for (const name of ["upper", "work"]) await mkdir(join(own, name), { recursive: true });
    const saved = layers.map((layer) => join(layer, savedAt(folder.path))).filter((place) => existsSync(place));
    const lowers = [...saved.toReversed(), folder.skeleton, folder.path];
    await writeFile(join(own, "lowers"), await lowerOptions(own, lowers));
    await writeFile(join(own, "path"), `${folder.path}\n`);
  }
}

/** The folder in a layer for the changes of a separately mounted folder. */
export const savedAt = (path: string): string => join("mounted", encodeURIComponent(path));
