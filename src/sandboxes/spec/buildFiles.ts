import { constants, type BigIntStats } from "node:fs";
import { lstat, open, readlink, realpath, type FileHandle } from "node:fs/promises";
import { isAbsolute, join, posix, relative } from "node:path";
import { codeOf, UserError } from "../../base/errors";
import { isSecretName } from "../../base/secretNames";

/**
 * Reads a file of the folder, with `/` in its path; nothing if there is none. Throws a `UserError` for a file that must
 * not become part of an image.
 * @param mention says what names the file, as the begin of a message: `requirements.txt:3 includes ../base.txt`
 */
export type ReadFile = (path: string, mention: string) => Promise<string | undefined>;

/** The mention of a file that the settings name. */
export const madeFrom = (path: string): string => `The image is made from ${path}`;

/** What the files of one image may have together. */
const MAX_BYTES = 5_000_000;

/**
 * Reads the files that an image is built from. They come from a folder that may be a stranger's, and their contents leave
 * this machine: only regular files inside the folder are read, whatever links lead to, and none that may hold secrets.
 */
export function buildFileReader(folder: string): ReadFile {
  let bytesLeft = MAX_BYTES;
  return async (path, mention) => {
    if (isOutside(path)) throw refused(mention, OUTSIDE);
    const root = await realpathOf(folder, mention);
    const real = root === undefined ? undefined : await realpathOf(join(root, path), mention);
    if (root === undefined || real === undefined) return undefined;
    const inside = relative(root, real);
    if (isOutside(inside)) throw refused(mention, LINKED_OUTSIDE);
    const secret = [...path.split("/"), ...inside.split(/[\\/]/)].find(mayHoldSecrets);
    if (secret !== undefined) throw refused(mention, secretReason(secret));

    const bytes = await readRegular(real, bytesLeft, mention);
    bytesLeft -= bytes.length;
    return bytes.toString();
  };
}

async function realpathOf(path: string, mention: string): Promise<string | undefined> {
  try {
    return await realpath(path);
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return undefined;
    if (codeOf(error) === "ELOOP") throw refused(mention, LOOP);
    throw error;
  }
}

/** @param path has no links in it, unless somebody puts them there at this moment */
async function readRegular(path: string, maxBytes: number, mention: string): Promise<Buffer> {
  const expected = await lstat(path, { bigint: true });
  // To open a device or a pipe would already do something.
  if (!expected.isFile()) throw refused(mention, NOT_REGULAR);
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    // A folder on the way may have been swapped for a link since the path was resolved, and swapped back.
    const [opened, there] = [await file.stat({ bigint: true }), await lstat(path, { bigint: true })];
    const place = (await placeOf(file)) ?? (await realpath(path));
    if (!isSame(opened, expected) || !isSame(opened, there) || place !== path) throw refused(mention, CHANGED);
    const bytes = await readUpTo(file, maxBytes + 1);
    if (bytes.length > maxBytes) throw refused(mention, TOO_LARGE);
    return bytes;
  } finally {
    await file.close();
  }
}

/** The path of an open file, whatever its folders have become. Only Linux tells it. */
async function placeOf(file: FileHandle): Promise<string | undefined> {
  return process.platform === "linux" ? readlink(`/proc/self/fd/${file.fd}`).catch(() => undefined) : undefined;
}

const isSame = (one: BigIntStats, other: BigIntStats): boolean => one.dev === other.dev && one.ino === other.ino;

async function readUpTo(file: FileHandle, maxBytes: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of file.createReadStream({ autoClose: false, start: 0, end: maxBytes - 1 }))
    if (part instanceof Buffer) parts.push(part);
  return Buffer.concat(parts);
}

const isOutside = (path: string): boolean =>
  isAbsolute(path) || /^([A-Za-z][\w+.-]*:|~|\\)/.test(path) || posix.normalize(path).split(/[\\/]/).includes("..");

/** The configuration of a repository may hold passwords. */
const mayHoldSecrets = (name: string): boolean => isSecretName(name) || /^\.(git|hg|svn)$/i.test(name);

const OUTSIDE = "which is outside the folder. Copy the file into the folder, and name the copy.";
const LINKED_OUTSIDE = "which is a link out of the folder. Replace the link with a copy of the file.";
const LOOP = "which is a link to itself. Replace the link with a file.";
const NOT_REGULAR = "which isn't a regular file. Name a file with text.";
const CHANGED = "which changed while it was read. Try again.";
const TOO_LARGE = `which makes the image's files larger than ${MAX_BYTES / 1_000_000} MB. Name smaller files.`;
const secretReason = (name: string) =>
  `which may hold secrets, as ${name} says. Put what the image needs into a file with another name.`;

const openSettings = {
  title: "Open Settings",
  command: "workbench.action.openSettings",
  arguments: ["modalSandboxes.image"],
};

const refused = (mention: string, reason: string) =>
  new UserError(`${mention}, ${reason}`, { actions: [openSettings] });

export const missingFile = (mention: string) =>
  new UserError(`${mention}, and there is no such file in the folder.`, { actions: [openSettings] });
