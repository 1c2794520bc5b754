import { posix } from "node:path";
import { UserError } from "../../base/errors";
import { madeFrom, missingFile, type Mention, type ReadFile } from "./buildFiles";

/**
 * Returns a requirements file and all files that it includes, by path. Throws a `UserError` with the line number if a
 * line needs something that an image cannot have, such as files outside the folder.
 */
export async function requirementsFiles(path: string, read: ReadFile): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  const waiting: { path: string; mention: Mention }[] = [{ path: posix.normalize(path), mention: madeFrom(path) }];
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    if (found.has(next.path)) continue;
    const text = await read(next.path, next.mention);
    if (text === undefined) throw missingFile(next.path);
    found.set(next.path, text);
    for (const { text: line, number } of logicalLines(text)) {
      const place = `${next.path}:${number}`;
      if (FROM_FOLDER.test(line)) throw installsFolder(place, line.trim());
      for (const included of includesOf(line)) {
        const mention = { text: `${place} includes ${included}`, file: next.path };
        if (included.includes("${")) throw usesVariable(mention.text);
        waiting.push({ path: pathOf(included, next.path), mention });
      }
    }
  }
  return found;
}

/** Splits the file into lines as pip does: lines that end with a backslash are joined, and comments are removed. */
function logicalLines(text: string): { readonly text: string; readonly number: number }[] {
  const lines: { text: string; number: number }[] = [];
  let begun: { text: string; number: number } | undefined;
  for (const [index, line] of text.split(/\r\n|\r|\n/).entries()) {
    const isComment = /^\s*#/.test(line);
    const continues = line.endsWith("\\") && !isComment;
    const joined: string = (begun?.text ?? "") + (isComment ? " #" : continues ? line.slice(0, -1) : line);
    const current = { text: joined, number: begun?.number ?? index + 1 };
    begun = continues ? current : undefined;
    if (!continues) lines.push(current);
  }
  return [...lines, ...(begun ? [begun] : [])].map((line) => ({ ...line, text: line.text.replace(/(^|\s)#.*$/, "") }));
}

/** Returns the files of the folder that pip would read for a line. pip itself downloads URLs. */
const includesOf = (line: string): string[] =>
  [...line.matchAll(INCLUDE)]
    .map(([, quoted, plain]) => quoted ?? plain ?? "")
    .filter((included) => !/^https?:\/\//i.test(included));

/** The options may be abbreviated, and the value may follow without a space. */
const INCLUDE =
  /(?<!\S)(?:-[rc]|--requirem(?:e(?:nt?)?)?(?=[\s=])|--cons(?:t(?:r(?:a(?:i(?:nt?)?)?)?)?)?(?=[\s=]))(?:\s+|=)?(?:["']([^"']*)["']|([^\s=]\S*))/g;

/** Leaves absolute paths of this machine as they are, so that they are refused. */
const pathOf = (included: string, from: string): string =>
  /^(?:[a-z]+:|~|[/\\])/i.test(included) ? included : posix.join(posix.dirname(from), included);

/** Matches a path instead of a package name. */
const FROM_FOLDER =
  /^\s*(?:(?:-e|--editable(?=[\s=]))(?:\s*|=)(?!\s*=?["']?(?:(?:git|hg|svn|bzr)\+|https?:))|file:|\.{1,2}(?:\/|\s*$|\[)|\/|~\/)|\s@\s*file:/i;

const installsFolder = (place: string, line: string) =>
  new UserError(
    `${place} installs from the folder itself (${line}), but an image has no files of the folder. Remove that line: the folder is synced to every sandbox.`,
  );

const usesVariable = (mention: string) =>
  new UserError(
    `${mention}, but this machine's variables aren't available in an image. Use the path of a file in the folder.`,
  );
