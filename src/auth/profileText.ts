import { isDeepStrictEqual } from "node:util";
import { parse, type TomlTable } from "smol-toml";
import { UserError } from "../base/errors";
import { activeProfile, parseProfiles, parseToml } from "./profiles";
import { readTomlText, type TomlEntry } from "./tomlText";

export interface NewProfile {
  readonly name: string;
  readonly tokenId: string;
  readonly tokenSecret: string;
  /** Absent for Modal's own server. */
  readonly serverUrl?: string;
}

/**
 * Returns the text of a `.modal.toml` with a profile's token added. Everything else stays as it is, including comments.
 * The first profile becomes the active one. Throws a `UserError` that names the line if the text is malformed, and one
 * if it cannot be edited safely.
 */
export function withProfile(text: string, path: string, { name, tokenId, tokenSecret, serverUrl }: NewProfile): string {
  const profiles = parseProfiles(text, path);
  const token = {
    token_id: JSON.stringify(tokenId),
    token_secret: JSON.stringify(tokenSecret),
    ...(serverUrl !== undefined && { server_url: JSON.stringify(serverUrl) }),
  };
  const gone = serverUrl === undefined ? ["server_url"] : [];
  if (profiles.some((profile) => profile.name === name)) return edited(text, path, { name, set: token, gone });

  const current = activeProfile(profiles, {});
  if (!current) return edited(text, path, { name, set: { ...token, active: "true" } });
  // A single profile is active without being marked. With a second profile, it needs the mark.
  const marked = current.isActive ? text : edited(text, path, { name: current.name, set: { active: "true" } });
  return edited(marked, path, { name, set: token });
}

/** A change to one table. Values are written in TOML. */
interface TableChange {
  readonly name: string;
  readonly set: Readonly<Record<string, string>>;
  readonly gone?: readonly string[];
}

/** Returns the changed text if nothing but the change differs in meaning. */
function edited(text: string, path: string, change: TableChange): string {
  const result = added(replaced(text, change), change);
  const expected: TomlTable = parseToml(text, path);
  const values = parse(linesOf(change.set).join("\n"));
  const table = expected[change.name] ?? parse("");
  if (typeof table !== "object") throw notEditable(path, change.name);
  Object.assign(table, values);
  for (const key of change.gone ?? []) Reflect.deleteProperty(table, key);
  expected[change.name] = table;
  if (!isDeepStrictEqual(parsedOrNothing(result), expected)) throw notEditable(path, change.name);
  return result;
}

/** Replaces the range from `start` to `end` with `text`. */
interface Piece {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

const applied = (text: string, all: readonly Piece[]): string =>
  all
    .toSorted((one, other) => other.start - one.start)
    .reduce((left, piece) => left.slice(0, piece.start) + piece.text + left.slice(piece.end), text);

/** Removes keys, and sets the values of existing ones. */
function replaced(text: string, { name, set, gone = [] }: TableChange): string {
  const { entries } = readTomlText(text);
  const pieces = entries.flatMap((entry): Piece[] => {
    const [table, key = ""] = entry.path;
    if (entry.path.length !== 2 || table !== name) return [];
    if (gone.includes(key)) return [removal(text, entry)];
    const value = set[key];
    return value === undefined ? [] : [{ start: entry.valueStart, end: entry.end, text: value }];
  });
  return applied(text, pieces);
}

/** Adds missing keys in the form that the table uses. */
function added(text: string, { name, set }: TableChange): string {
  const { entries } = readTomlText(text);
  const known = entries.filter(({ path }) => path.length === 2 && path[0] === name).map(({ path }) => path[1]);
  const missing = Object.keys(set).filter((key) => !known.includes(key));
  return missing.length === 0 ? text : applied(text, [addition(text, name, linesOf(set, missing))]);
}

function addition(text: string, name: string, lines: readonly string[]): Piece {
  const { headers, entries } = readTomlText(text);
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  const header = headers.find(({ path, isArray }) => !isArray && path.length === 1 && path[0] === name);
  if (header) return insertion(endOfLine(text, header.end), lines.map((line) => eol + line).join(""));

  const inline = entries.find(({ path }) => path.length === 1 && path[0] === name);
  if (inline) {
    const isEmpty = /^\{\s*\}$/.test(text.slice(inline.valueStart, inline.end));
    return insertion(inline.valueStart + 1, ` ${lines.join(", ")}${isEmpty ? "" : ","}`);
  }

  const dotted = entries.findLast(({ path, place }) => place === "root" && path[0] === name);
  if (dotted) {
    return insertion(endOfLine(text, dotted.end), lines.map((line) => `${eol}${keyOf(name)}.${line}`).join(""));
  }

  const before = text.trimEnd();
  const table = [...(before ? ["", ""] : []), `[${keyOf(name)}]`, ...lines, ""].join(eol);
  return { start: before.length, end: text.length, text: table };
}

const insertion = (at: number, text: string): Piece => ({ start: at, end: at, text });

/** The position before the line break, after any comment. */
function endOfLine(text: string, at: number): number {
  const length = /^[^\r\n]*/.exec(text.slice(at))?.[0].length ?? 0;
  return at + length;
}

/** Keeps a comment after the entry. */
function removal(text: string, { start, end, place }: TomlEntry): Piece {
  if (place === "inline") {
    const comma = /^\s*,\s*/.exec(text.slice(end))?.[0].length;
    if (comma !== undefined) return { start, end: end + comma, text: "" };
    const before = /(?:,\s*)?$/.exec(text.slice(0, start))?.[0].length ?? 0;
    return { start: start - before, end, text: "" };
  }
  const rest = /^[ \t]*(?:\r?\n|$)/.exec(text.slice(end))?.[0].length;
  const indent = /[ \t]*$/.exec(text.slice(0, start))?.[0].length ?? 0;
  return { start: start - indent, end: end + (rest ?? 0), text: "" };
}

const linesOf = (set: TableChange["set"], keys = Object.keys(set)): string[] =>
  keys.map((key) => `${key} = ${set[key] ?? ""}`);

const keyOf = (name: string): string => (/^[\w-]+$/.test(name) ? name : JSON.stringify(name));

function parsedOrNothing(text: string): TomlTable | undefined {
  try {
    return parse(text, { integersAsBigInt: "asNeeded" });
  } catch {
    return undefined;
  }
}

const notEditable = (path: string, name: string) =>
  new UserError(
    `${path} has ${name} in a form that cannot be edited safely, so it was left as it is. Put the token into it yourself, or rename what is called ${name} there and try again.`,
  );
