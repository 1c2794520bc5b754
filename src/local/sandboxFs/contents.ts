import { mkdir, open, rm, rmdir, lstat, stat, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import type { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { codeOf } from "../../base/errors";
import { FsFailure } from "./failure";

/** Modal's limit on 2026-11-21. */
const MAX_READ_BYTES = 5 * 1024 ** 3;
const CHUNK_BYTES = 1024 * 1024;

export async function readFile(path: string, output: Writable): Promise<void> {
  const file = await open(path, "r");
  try {
    const stats = await file.stat();
    if (stats.isDirectory()) throw new FsFailure("IsDirectory", "Is a directory");
    if (stats.size > MAX_READ_BYTES) throw new FsFailure("FileTooLarge", "The file is larger than 5 GiB");
    await pipeline(file.createReadStream({ highWaterMark: CHUNK_BYTES, autoClose: false }), output, { end: false });
  } finally {
    await file.close();
  }
}

export async function writeFile(path: string, input: Readable): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
  } catch (error) {
    // A file is in the place of a folder.
    if (codeOf(error) === "EEXIST") throw new FsFailure("NotDirectory", "Not a directory");
    throw error;
  }
  const file = await open(path, "w");
  await pipeline(input, file.createWriteStream({ highWaterMark: CHUNK_BYTES }));
}

export async function makeDirectory(path: string, parents: boolean): Promise<void> {
  try {
    await mkdir(path, { recursive: parents });
  } catch (error) {
    if (codeOf(error) === "ENOTDIR" && (await exists(path)))
      throw new FsFailure("PathAlreadyExists", "The path already exists");
    throw error;
  }
}

export async function remove(path: string, recursive: boolean): Promise<void> {
  if (!(await lstat(path)).isDirectory()) await unlink(path);
  else if (recursive) await rm(path, { recursive: true });
  else await rmdir(path);
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
