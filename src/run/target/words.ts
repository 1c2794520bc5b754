import { UserError } from "../../base/errors";
import { quote } from "../../base/quote";

/**
 * Splits a command line into words and unquotes them as a POSIX shell does, without expansions. Throws a `UserError` if
 * a quote is not closed.
 */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (const [piece, blank, single, double, escaped, plain] of line.matchAll(PIECE)) {
    if (blank !== undefined) {
      if (word !== undefined) words.push(word);
      word = undefined;
      continue;
    }
    const text = single ?? double?.replaceAll(/\\([\\"$`])/g, "$1") ?? escaped ?? plain;
    if (text === undefined) throw notClosed(piece);
    word = (word ?? "") + text;
  }
  return word === undefined ? words : [...words, word];
}

/** Returns a command line that splits into these words. */
export const joinWords = (words: readonly string[]): string =>
  words.map((word) => (word === "" ? "''" : quote(word))).join(" ");

/** Parses words of the form `NAME=value`. Throws a `UserError` if a name is missing. */
export function parseVariables(line: string): Record<string, string> {
  return Object.fromEntries(
    splitWords(line).map((word) => {
      const [, name, value] = /^([A-Za-z_]\w*)=([^]*)$/.exec(word) ?? [];
      if (name === undefined || value === undefined) throw noVariable(word);
      return [name, value];
    }),
  );
}

/** Returns the command line for `parseVariables`. */
export const formatVariables = (variables: Readonly<Record<string, string>>): string =>
  Object.entries(variables)
    .map(([name, value]) => `${name}=${value === "" ? "" : quote(value)}`)
    .join(" ");

/**
 * Matches blanks, the contents of either kind of quotes, a character after a backslash, plain characters, or a lone
 * quote.
 */
const PIECE = /(\s+)|'([^']*)'|"((?:[^"\\]|\\[^])*)"|\\([^])|([^\s'"\\]+)|['"\\]/g;

const notClosed = (mark: string) =>
  new UserError(mark === "\\" ? "Nothing follows the final \\" : `A ${mark} isn't closed`);

const noVariable = (word: string) => new UserError(`"${word}" isn't of the form NAME=value`);
