import { isObject } from "../../base/guards";
import { messageOf, UserError } from "../../base/errors";
import { splitWords } from "./words";

/** The words after the file's name, of one run of a sweep. */
export type ArgumentSet = readonly string[];

/** So many runs are a mistake rather than a wish. */
const MAX_SETS = 1000;

/**
 * The argument sets of a file, by its extension: CSV with a line of names, a JSON list, or a command line's arguments on
 * each line. Throws a sentence where it makes no sense.
 */
export function parseArgumentFile(name: string, text: string): ArgumentSet[] {
  const sets = (parsers[/[^.]*$/.exec(name.toLowerCase())?.[0] ?? ""] ?? fromLines)(text.replace(/^\uFEFF/, ""), name);
  if (sets.length === 0) throw new UserError(`${name} has no argument sets.`);
  if (sets.length > MAX_SETS)
    throw new UserError(`${name} has ${sets.length} argument sets; ${MAX_SETS} are the most.`);
  return sets;
}

const parsers: Partial<Record<string, (text: string, name: string) => ArgumentSet[]>> = {
  csv: fromCsv,
  json: fromJson,
};

/** Blank lines and those that begin with `#` are left out. */
const fromLines = (text: string, name: string): ArgumentSet[] =>
  text.split("\n").flatMap((line, index) => {
    if (/^\s*(#|$)/.test(line)) return [];
    return [located(`${name}, line ${index + 1}`, () => splitWords(line))];
  });

/** The names are options; where a field is empty, its option is left out. */
function fromCsv(text: string, name: string): ArgumentSet[] {
  const [names = [], ...rows] = csvRows(text).filter((fields) => fields.some((field) => field !== ""));
  return rows.map((fields, index) => {
    if (fields.length > names.length)
      throw new UserError(`${name}, row ${index + 2}: there are more fields than names.`);
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

/** Each set is a line of arguments, a list of words, or an object of options. */
function fromJson(text: string, name: string): ArgumentSet[] {
  const sets = located(name, () => JSON.parse(text) as unknown);
  if (!Array.isArray(sets)) throw new UserError(`${name} is no list of argument sets.`);
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
  new UserError(`${place}: write it as a line of arguments, a list of words, or an object of options.`);
