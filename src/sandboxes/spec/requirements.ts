import { posix } from "node:path";
import { UserError } from "../../base/errors";
import { madeFrom, missingFile, type ReadFile } from "./buildFiles";

/**
 * A requirements file with all that it includes, by path. Throws a `UserError` that names the line for what an image
 * cannot have, such as files outside the folder.
 */
export async function requirementsFiles(path: string, read: ReadFile): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  const waiting = [{ path: posix.normalize(path), mention: madeFrom(path) }];
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    if (found.has(next.path)) continue;
    const text = await read(next.path, next.mention);
    if (text === undefined) throw missingFile(next.mention);
    found.set(next.path, text);
    for (const { text: line, number } of logicalLines(text)) {
      const place = `${next.path}:${number}`;
      if (FROM_FOLDER.test(line)) throw installsFolder(place, line.trim());
      for (const included of includesOf(line)) {
        const mention = `${place} includes ${included}`;
        if (included.includes("${")) throw usesVariable(mention);
        waiting.push({ path: pathOf(included, next.path), mention });
      }
    }
  }
  return found;
}

/** Lines as pip reads them: joined where they end in a backslash, and without comments. */
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

/** What a line has pip read from the folder; pip itself fetches what has a URL. */
const includesOf = (line: string): string[] =>
  [...line.matchAll(INCLUDE)]
    .map(([, quoted, plain]) => quoted ?? plain ?? "")
    .filter((included) => !/^https?:\/\//i.test(included));

/** The options may be abbreviated, and their value may follow without a space. */
const INCLUDE =
  /(?<!\S)(?:-[rc]|--requirem(?:e(?:nt?)?)?(?=[\s=])|--cons(?:t(?:r(?:a(?:i(?:nt?)?)?)?)?)?(?=[\s=]))(?:\s+|=)?(?:["']([^"']*)["']|([^\s=]\S*))/g;

/** Paths of this machine stay as they are, so that they are refused. */
const pathOf = (included: string, from: string): string =>
  /^(?:[a-z]+:|~|[/\\])/i.test(included) ? included : posix.join(posix.dirname(from), included);

/** A path instead of a package's name. */
const FROM_FOLDER =
  /^\s*(?:(?:-e|--editable(?=[\s=]))(?:\s*|=)(?!\s*=?["']?(?:(?:git|hg|svn|bzr)\+|https?:))|file:|\.{1,2}(?:\/|\s*$|\[)|\/|~\/)|\s@\s*file:/i;

const installsFolder = (place: string, line: string) =>
  new UserError(
    `${place} installs from the folder itself (${line}), and an image has none of its files. Leave that line out: the folder is synced to every sandbox.`,
  );

const usesVariable = (mention: string) =>
  new UserError(
    `${mention}, and variables of this machine are not part of an image. Write the path of a file in the folder.`,
  );
