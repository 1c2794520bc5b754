import { isObject } from "../../base/guards";
import { messageOf, UserError } from "../../base/errors";
import { splitWords } from "./words";

/** The arguments of one run in a sweep. */
export type ArgumentSet = readonly string[];

/** More runs than this are probably a mistake. */
const MAX_SETS = 1000;

/**
 * Reads the argument sets from a file. Its extension determines the format: CSV with a header line, a JSON list, or one
 * command line per line. Throws a `UserError` if the contents are invalid.
 */
export function parseArgumentFile(name: string, text: string): ArgumentSet[] {
  const sets = (parsers[/[^.]*$/.exec(name.toLowerCase())?.[0] ?? ""] ?? fromLines)(text.replace(/^\uFEFF/, ""), name);
  if (sets.length === 0) throw new UserError(`${name} has no argument sets.`);
  if (sets.length > MAX_SETS)
    throw new UserError(`${name} has ${sets.length} argument sets. The maximum is ${MAX_SETS}.`);
  return sets;
}

const parsers: Partial<Record<string, (text: string, name: string) => ArgumentSet[]>> = {
  csv: fromCsv,
  json: fromJson,
};

/** Skips blank lines and lines that begin with `#`. */
const fromLines = (text: string, name: string): ArgumentSet[] =>
  text.split("\n").flatMap((line, index) => {
    if (/^\s*(#|$)/.test(line)) return [];
    return [located(`${name}, line ${index + 1}`, () => splitWords(line))];
  });

/** The header line has the option names. Empty fields omit their option. */
function fromCsv(text: string, name: string): ArgumentSet[] {
  const [names = [], ...rows] = csvRows(text).filter((fields) => fields.some((field) => field !== ""));
  return rows.map((fields, index) => {
    if (fields.length > names.length)
      throw new UserError(`${name}, row ${index + 2} has more fields than the header line has names.`);
    return names.flatMap((option, at) => optionOf(option, fields[at] ?? ""));
  });
}

function csvRows(text: string): string[][] {
  const rows: string[][] = [[]];
  for (const [, quoted, plain = "", end] of text.matchAll(CSV_FIELD)) {
    rows.at(-1)?.push(quoted === undefined ? plain.trim() : quoted.replaceAll('""', '"'));
    if (end === "") break;
    if (end !== ",") rows.push([]);
  }
  return rows;
}

const CSV_FIELD = /[ \t]*(?:"((?:[^"]|"")*)"[ \t]*|([^,\r\n]*))(,|\r?\n|\r|$)/g;

/** Each set is a command line, a list of words, or an object of options. */
function fromJson(text: string, name: string): ArgumentSet[] {
  const sets = located(name, () => JSON.parse(text) as unknown);
  if (!Array.isArray(sets)) throw new UserError(`${name} isn't a list of argument sets.`);
  return sets.map((set: unknown, index) => {
    const place = `${name}, set ${index + 1}`;
    if (typeof set === "string") return located(place, () => splitWords(set));
    if (Array.isArray(set)) return set.map((word) => wordOf(word, place));
    if (!isObject(set)) throw notUnderstood(place);
    return Object.entries(set).flatMap(([option, value]) => {
      if (value === true) return [dashed(option)];
      if (value === false || value === null) return [];
      if (Array.isArray(value)) return [dashed(option), ...value.map((word) => wordOf(word, place))];
      return optionOf(option, wordOf(value, place));
    });
  });
}

function wordOf(value: unknown, place: string): string {
  if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean") throw notUnderstood(place);
  return String(value);
}

const optionOf = (name: string, value: string): string[] => (value === "" ? [] : [dashed(name), value]);

const dashed = (name: string): string => (name.startsWith("-") ? name : `--${name}`);

function located<T>(place: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new UserError(`${place}: ${messageOf(error)}.`, { cause: error });
  }
}

const notUnderstood = (place: string) =>
  new UserError(`${place} must be a string with arguments, a list of words, or an object with options.`);
