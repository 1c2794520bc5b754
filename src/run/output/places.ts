import type { Frame } from "./tracebacks";

/** A location in a file that a line of output names, and its position in that line. */
export interface NamedPlace {
  readonly frame: Frame;
  readonly start: number;
  readonly length: number;
}

const MAX_LINE = 2000;

/** Matches `File "a b.py", line 3`, then `a.py:3:5`, `k.cu(3)`, `a.ts(3,5)`, `run.sh: line 3` and `run.sh: 3:`. */
const FORMS: readonly RegExp[] = [
  /File "(?<path>[^"]+)", line (?<line>\d+)/g,
  /(?:file:\/\/)?(?<path>[^\s:"'`()<>[\]{},;|=]+)(?::(?<line>\d+)(?::(?<column>\d+))?|\((?<line2>\d+)(?:,(?<column2>\d+))?\)|: line (?<line3>\d+)|: (?<line4>\d+):)/g,
];

/** Returns the locations that a line names. Their files may not exist. */
export function placesIn(text: string): NamedPlace[] {
  if (text.length > MAX_LINE) return [];
  return FORMS.flatMap((form) => [...text.matchAll(form)].flatMap(placeOf));
}

function placeOf({ 0: { length }, index: start, groups }: RegExpExecArray): NamedPlace[] {
  const path = groups?.path ?? "";
  // Times and addresses also have colons, but neither a folder nor an extension that isn't a number.
  if (!/\/|\.\D/.test(path)) return [];
  const { line = groups?.line2 ?? groups?.line3 ?? groups?.line4, column = groups?.column2 } = groups ?? {};
  return [{ frame: { path, line: Number(line), ...(column && { column: Number(column) }) }, start, length }];
}
