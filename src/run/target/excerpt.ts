/** Part of a text, as editors count: lines and characters from 0, the end not included. */
export interface TextRange {
  readonly startLine: number;
  readonly startCharacter: number;
  readonly endLine: number;
  readonly endCharacter: number;
}

/**
 * What is in some ranges of a text, on the same lines as there, with blank lines for the rest: what a program says of its
 * lines is true of the text too. Indentation that all of it shares is taken away.
 */
export function excerpt(text: string, ranges: readonly TextRange[]): string {
  const lines = text.split(/\r?\n/);
  const kept = lines.map((line, index) =>
    ranges
      .filter(({ startLine, endLine }) => startLine <= index && index <= endLine)
      .map((range) => part(line, index, range))
      .join(""),
  );
  const indents = kept.filter((line) => line.trim() !== "").map((line) => /^[ \t]*/.exec(line)?.[0] ?? "");
  const shared = indents.reduce(sharedStart, indents[0] ?? "").length;
  return kept
    .map((line) => line.slice(shared))
    .join("\n")
    .trimEnd()
    .concat("\n");
}

/** A range that begins after nothing but blanks is meant from the start of its line on. */
function part(line: string, index: number, { startLine, startCharacter, endLine, endCharacter }: TextRange): string {
  const isIndent = line.slice(0, startCharacter).trim() === "";
  const start = index > startLine || isIndent ? 0 : startCharacter;
  return line.slice(start, index === endLine ? Math.max(start, endCharacter) : undefined);
}

function sharedStart(a: string, b: string): string {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length += 1;
  return a.slice(0, length);
}
