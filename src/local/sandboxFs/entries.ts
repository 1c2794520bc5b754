import { readFileSync, type Stats } from "node:fs";
import { lstat, readdir, readlink, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { FsFailure } from "./failure";

/** The format that the SDK reads. */
export interface FileEntry {
  readonly name: string;
  readonly path: string;
  readonly type: "file" | "directory" | "symlink";
  readonly size: number;
  /** The kind of file and its permission bits. */
  readonly mode: number;
  /** The permission bits in octal, such as `0644`. */
  readonly permissions: string;
  readonly owner: string;
  readonly group: string;
  /** Seconds since the epoch. */
  readonly modified_time: number;
  readonly symlink_target?: string;
}

/** The entries of a folder by name. A link to the folder is followed. */
export async function listFiles(path: string): Promise<FileEntry[]> {
  if (!(await stat(path)).isDirectory()) throw new FsFailure("NotDirectory", "Not a directory");
  const names = (await readdir(path)).sort();
  const name = ownerNames();
  const entries = await Promise.all(names.map((entry) => describe(join(path, entry), name).catch(ignoreMissing)));
  return entries.filter((entry) => entry !== undefined);
}

/** Describes a link itself, not its target. */
export const describePath = (path: string): Promise<FileEntry> => describe(path, ownerNames());

async function describe(path: string, name: OwnerNames): Promise<FileEntry> {
  const stats = await lstat(path);
  return {
    name: basename(path),
    path,
    type: typeOf(stats),
    size: stats.size,
    mode: stats.mode,
    permissions: (stats.mode & 0o7777).toString(8).padStart(4, "0"),
    owner: name("/etc/passwd", stats.uid),
    group: name("/etc/group", stats.gid),
    modified_time: stats.mtimeMs / 1000,
    ...(stats.isSymbolicLink() ? { symlink_target: await readlink(path) } : {}),
  };
}

/** Everything that is neither a folder nor a link counts as a file, because the SDK has no fourth type. */
function typeOf(stats: Stats): FileEntry["type"] {
  if (stats.isSymbolicLink()) return "symlink";
  return stats.isDirectory() ? "directory" : "file";
}

/** The entry was removed after the folder was read. */
function ignoreMissing(error: unknown): undefined {
  if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
  throw error;
}

type OwnerNames = (file: "/etc/passwd" | "/etc/group", id: number) => string;

/** Reads each file once, on first use. An id without a name is used as the name. */
function ownerNames(): OwnerNames {
  const tables = new Map<string, ReadonlyMap<number, string>>();
  return (file, id) => {
    const table = tables.get(file) ?? readNames(file);
    tables.set(file, table);
    return table.get(id) ?? String(id);
  };
}

function readNames(file: string): ReadonlyMap<number, string> {
  try {
    const lines = readFileSync(file, "utf8")
      .split("\n")
      .map((line) => line.split(":"));
    // The first name of an id counts.
    return new Map(lines.reverse().map(([name = "", , id = ""]) => [Number.parseInt(id, 10), name]));
  } catch {
    return new Map();
  }
}
