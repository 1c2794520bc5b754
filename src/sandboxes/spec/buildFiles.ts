import { constants, type BigIntStats } from "node:fs";
import { lstat, open, readlink, realpath, type FileHandle } from "node:fs/promises";
import { isAbsolute, join, posix, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { codeOf, UserError, type ErrorAction } from "../../base/errors";
import { isSecretName } from "../../base/secretNames";

/**
 * Reads a file of the folder by its path, which uses `/`. Returns `undefined` if the file doesn't exist. Throws a
 * `UserError` for a file that must not become part of an image.
 */
export type ReadFile = (path: string, mention: Mention) => Promise<string | undefined>;

/** The place that names a file. */
export interface Mention {
  /** The beginning of an error message: `requirements.txt:3 includes ../base.txt`. */
  readonly text: string;
  /** The file that names it, relative to the folder; absent if the settings do. */
  readonly file?: string;
}

/** The mention of a file that the settings name. */
export const madeFrom = (path: string): Mention => ({ text: `The image is made from ${path}` });

/** The limit for all files of one image together. */
const MAX_BYTES = 5_000_000;

/**
 * Reads the files that an image is built from. The folder may come from a stranger, and the contents leave this
 * machine. So only regular files are read, only inside the folder after links are resolved, and none that may contain
 * secrets.
 */
export function buildFileReader(folder: string): ReadFile {
  let bytesLeft = MAX_BYTES;
  return async (path, mention) => {
    if (isOutside(path)) throw refused(folder, mention, OUTSIDE);
    const root = await realpathOf(folder, folder, mention);
    const real = root === undefined ? undefined : await realpathOf(folder, join(root, path), mention);
    if (root === undefined || real === undefined) {
      if (mention.file !== undefined) throw refused(folder, mention, MISSING);
      return undefined;
    }
    const inside = relative(root, real);
    if (isOutside(inside)) throw refused(folder, mention, LINKED_OUTSIDE);
    const secret = [...path.split("/"), ...inside.split(/[\\/]/)].find(mayHoldSecrets);
    if (secret !== undefined) throw refused(folder, mention, secretReason(secret));

    const bytes = await readRegular(folder, real, bytesLeft, mention);
    bytesLeft -= bytes.length;
    return bytes.toString();
  };
}

async function realpathOf(folder: string, path: string, mention: Mention): Promise<string | undefined> {
  try {
    return await realpath(path);
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return undefined;
    if (codeOf(error) === "ELOOP") throw refused(folder, mention, LOOP);
    throw error;
  }
}

/** @param path has no links in it, unless another program creates them right now */
async function readRegular(folder: string, path: string, maxBytes: number, mention: Mention): Promise<Buffer> {
  const expected = await lstat(path, { bigint: true });
  // Merely opening a device or a pipe can have effects.
  if (!expected.isFile()) throw refused(folder, mention, NOT_REGULAR);
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    // A folder in the path may have been replaced by a link and back since the path was resolved.
    const [opened, there] = [await file.stat({ bigint: true }), await lstat(path, { bigint: true })];
    const place = (await placeOf(file)) ?? (await realpath(path));
    if (!isSame(opened, expected) || !isSame(opened, there) || place !== path) throw refused(folder, mention, CHANGED);
    const bytes = await readUpTo(file, maxBytes + 1);
    if (bytes.length > maxBytes) throw refused(folder, mention, TOO_LARGE);
    return bytes;
  } finally {
    await file.close();
  }
}

/** Returns the path of an open file, even if its folders have changed. Only Linux provides it. */
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

/** The configuration of a repository may contain passwords. */
const mayHoldSecrets = (name: string): boolean => isSecretName(name) || /^\.(git|hg|svn)$/i.test(name);

const OUTSIDE = "which is outside the folder. Copy the file into the folder and refer to the copy.";
const LINKED_OUTSIDE = "which links to a file outside the folder. Replace the link with a copy of the file.";
const MISSING = "which doesn't exist in this folder. Create it, or remove the line.";
const LOOP = "which links to itself. Replace the link with a file.";
const NOT_REGULAR = "which isn't a regular file. Use a text file.";
const CHANGED = "which changed while it was being read. Try again.";
const TOO_LARGE = `which makes the image's files larger than ${MAX_BYTES / 1_000_000} MB. Use smaller files.`;
const secretReason = (name: string) =>
  `which may hold secrets, judging by the name "${name}". Use a file with another name.`;

const openSettings = {
  title: "Open Settings",
  command: "workbench.action.openSettings",
  arguments: ["modalSandboxes.image"],
};

const refused = (folder: string, { text, file }: Mention, reason: string) =>
  new UserError(`${text}, ${reason}`, { actions: [file === undefined ? openSettings : openFile(folder, file)] });

const openFile = (folder: string, path: string): ErrorAction => ({
  title: `Open ${posix.basename(path)}`,
  command: "vscode.open",
  arguments: [pathToFileURL(join(folder, path)).href],
});

/** The error for a file that the settings name. */
export const missingFile = (path: string) =>
  new UserError(`${path} doesn't exist in this folder. Create it, or change modalSandboxes.image.`, {
    actions: [openSettings],
  });
