import { parse } from "smol-toml";

/** A key with its value, and their positions in the text. */
export interface TomlEntry {
  /** Includes the names of the enclosing tables. */
  readonly path: readonly string[];
  readonly start: number;
  readonly valueStart: number;
  readonly end: number;
  /** `line`: below a header. `root`: above all headers. `inline`: between braces. */
  readonly place: "line" | "root" | "inline";
}

/** The line that opens a table. */
export interface TomlHeader {
  readonly path: readonly string[];
  /** True for an element of an array of tables: `[[name]]`. */
  readonly isArray: boolean;
  readonly end: number;
}

export interface TomlText {
  readonly headers: readonly TomlHeader[];
  readonly entries: readonly TomlEntry[];
}

/** Finds the parts of valid TOML, so that it can be edited without touching the rest. */
export function readTomlText(text: string): TomlText {
  const headers: TomlHeader[] = [];
  const entries: TomlEntry[] = [];
  let at = 0;
  const take = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0] ?? "";
    at += found.length;
    return found;
  };

  const takeKey = (): string[] => {
    const names: string[] = [];
    do {
      take(SPACE);
      names.push(nameOf(take(NAME)));
      take(SPACE);
    } while (take(DOT) !== "");
    return names;
  };

  const takeValue = (path: readonly string[]): void => {
    const opening = take(OPENING);
    if (opening === "{") takeInlineTable(path);
    else if (opening === "[") takeArray(path);
    else if (take(STRING) === "") take(SCALAR);
  };

  const takeArray = (path: readonly string[]): void => {
    // Profiles are never in arrays. This path matches none of them.
    for (take(BLANK); at < text.length && take(CLOSING) === ""; take(SEPARATOR)) takeValue([...path, "[]"]);
  };

  const takeInlineTable = (path: readonly string[]): void => {
    for (take(BLANK); at < text.length && take(CLOSING) === ""; take(SEPARATOR)) takeEntry(path, "inline");
  };

  const takeEntry = (table: readonly string[], place: TomlEntry["place"]): void => {
    const start = at;
    const path = [...table, ...takeKey()];
    take(EQUALS);
    const valueStart = at;
    takeValue(path);
    entries.push({ path, start, valueStart, end: at, place });
  };

  for (take(BLANK); at < text.length; take(BLANK)) {
    const before = at;
    const opening = take(HEADER);
    if (opening === "") takeEntry(headers.at(-1)?.path ?? [], headers.length === 0 ? "root" : "line");
    else {
      const path = takeKey();
      take(HEADER_END);
      headers.push({ path, isArray: opening === "[[", end: at });
    }
    if (at === before) throw new Error(`Invalid TOML at ${at}`);
  }
  return { headers, entries };
}

const BLANK = /(?:[\s\uFEFF]|#[^\n]*)*/y;
const SPACE = /[ \t]*/y;
const NAME = /"(?:\\.|[^"\\])*"|'[^']*'|[\w-]+/y;
const DOT = /\./y;
const EQUALS = /=[ \t]*/y;
const HEADER = /\[{1,2}/y;
const HEADER_END = /\]{1,2}/y;
const OPENING = /[[{]/y;
const CLOSING = /[\]}]/y;
const SEPARATOR = /(?:[\s,]|#[^\n]*)*/y;
const STRING = /"""(?:\\[^]|[^\\])*?""""{0,2}|'''[^]*?''''{0,2}|"(?:\\.|[^"\\])*"|'[^']*'/y;
const SCALAR = /[^\s,\]}#]+(?: [^\s,\]}#]+)?/y;

/** Returns the name without its quotes. */
function nameOf(written: string): string {
  if (!/^["']/.test(written)) return written;
  return Object.keys(parse(`${written} = 0`)).join("");
}
