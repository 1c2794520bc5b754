import { randomBytes } from "node:crypto";
import { readFile, readlink, realpath, rename, rm, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { codeOf, messageOf, UserError } from "./errors";
import { FolderLock, LockBusyError } from "./folderLock";

/**
 * Changes a text file that other windows and programs change too. The file is always complete, only the user can read
 * it, and a link stays a link. Throws a `UserError` if the file is not writable.
 * @param change returns the new text from the current text, which is empty if there is no file
 * @param waitMs how long to wait for other windows
 */
export async function changeSharedFile(path: string, change: (text: string) => string, waitMs?: number): Promise<void> {
  try {
    const target = await behindLinks(path);
    await new FolderLock(`${target}.lock`, waitMs, true).run(() => replace(target, change));
  } catch (error) {
    if (error instanceof UserError) throw error;
    if (error instanceof LockBusyError) throw beingSaved(path, error);
    throw new UserError(`${path} cannot be written: ${messageOf(error)}.`, { cause: error });
  }
}

/** A program that ignores the lock may write in between. In that case the change is repeated on its text. */
async function replace(path: string, change: (text: string) => string): Promise<void> {
  for (;;) {
    const before = await bytesOf(path);
    const text = before.toString();
    // A file that isn't text would be damaged.
    if (!Buffer.from(text).equals(before)) throw notText(path);
    const changed = change(text);
    const temporary = `${path}.${randomBytes(6).toString("hex")}`;
    try {
      await writeFile(temporary, changed, { mode: 0o600, flag: "wx" });
      if ((await bytesOf(path)).equals(before)) {
        await rename(temporary, path);
        return;
      }
    } finally {
      await rm(temporary, { force: true });
    }
  }
}

async function bytesOf(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return Buffer.alloc(0);
    throw error;
  }
}

/** Returns the path behind all links, even if the file does not exist yet. */
async function behindLinks(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
    const link = await readlink(path).catch(() => undefined);
    return link === undefined ? path : behindLinks(resolve(dirname(path), link));
  }
}

const beingSaved = (path: string, cause: unknown) =>
  new UserError(`Another window is saving ${path} and does not finish. Try again in a moment.`, { cause });

const notText = (path: string) =>
  new UserError(`${path} is not UTF-8 text, so it was left as it is. Save it as UTF-8 and try again.`);
