import { randomBytes } from "node:crypto";
import { readFile, readlink, realpath, rename, rm, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { codeOf, messageOf, UserError } from "./errors";
import { FolderLock, LockBusyError } from "./folderLock";

/**
 * Changes a text file that other windows and programs change too. It is complete at every moment, nobody else can read
 * it, and a link stays a link. Throws a `UserError` if the file cannot be written.
 * @param change the text from the text so far, which is empty if there is no file
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

/** A program that does not know the lock may write in between, so the change is made again on what it wrote. */
async function replace(path: string, change: (text: string) => string): Promise<void> {
  for (;;) {
    const before = await bytesOf(path);
    const text = before.toString();
    // A file that is no text would not come out as it was.
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

/** Where a file is, or will be if a link leads nowhere so far. */
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
