import { posix } from "node:path";
import { UserError } from "../base/errors";

/** Reads a file of the folder; nothing where there is none. */
export type ReadFile = (path: string) => Promise<string | undefined>;

/** A requirements file with all that it includes, by path. Throws a sentence where it needs more of the folder. */
export async function requirementsFiles(path: string, read: ReadFile): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  const waiting = [posix.normalize(path)];
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    if (found.has(next)) continue;
    const text = await read(next);
    if (text === undefined) throw missingFile(next);
    found.set(next, text);
    for (const [index, line] of text.split(/\r?\n/).entries()) {
      if (FROM_FOLDER.test(line)) throw installsFolder(`${next}:${index + 1}`, line.trim());
      const [, included] = INCLUDE.exec(line) ?? [];
      if (included !== undefined) waiting.push(posix.join(posix.dirname(next), included));
    }
  }
  return found;
}

const INCLUDE = /^\s*(?:-r|-c|--requirement|--constraint)(?:\s+|=|\s*(?=[^\s=]))([^\s#]+)/;

/** A path instead of a package's name. */
const FROM_FOLDER = /^\s*(?:(?:-e|--editable)(?:\s+|=)(?!git\+|https?:)|file:|\.{1,2}(?:\/|\s*$|\[)|\/)/;

export const missingFile = (path: string) =>
  new UserError(`The image is made from ${path}, and there is no such file in the folder.`, {
    actions: [
      { title: "Open Settings", command: "workbench.action.openSettings", arguments: ["modalSandboxes.image"] },
    ],
  });

const installsFolder = (place: string, line: string) =>
  new UserError(
    `${place} installs from the folder itself (${line}), and an image has none of its files. Leave that line out: the folder is synced to every sandbox.`,
  );
