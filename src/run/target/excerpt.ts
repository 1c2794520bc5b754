/** A part of a file in the editor's coordinates: lines and characters start at 0, and the end is exclusive. */
export interface TextRange {
  readonly startLine: number;
  readonly startCharacter: number;
  readonly endLine: number;
  readonly endCharacter: number;
}

/**
 * Returns the contents of some ranges of a file, at the same line numbers, with blank lines in between. So the line
 * numbers that a program reports are also valid in the file. Common indentation is removed.
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

/** If only blanks precede a range in its line, the range starts at the beginning of that line. */
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
