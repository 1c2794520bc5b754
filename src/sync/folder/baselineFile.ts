import { appendFileSync, readFileSync, statSync } from "node:fs";

import { replaceFile } from "../../base/replaceFile";
import type { Confirmed } from "./confirmed";
import type { FolderEntry } from "./folderEntry";

/**
 * The known content of a folder in a sandbox: each entry as this machine last pushed or pulled it. A file in the
 * sandbox is unchanged if its size and the whole seconds of its mtime match the entry. Everything else there, and every
 * path that is missing here, was made or changed by the sandbox's programs.
 */
export interface Baseline {
  /** The content of the sandbox's marker (`SYNC_MARKER` in the remote folder); a different one there means drift. */
  readonly generation: string;
  readonly entries: ReadonlyMap<string, FolderEntry>;
  /** Undefined if the sandbox cannot report when a push ended. */
  readonly confirmed?: Confirmed | undefined;
}

/** A baseline as it is stored in a file. */
export interface SavedBaseline {
  readonly baseline: Baseline;
  /** Changes when any window writes the file. */
  readonly stamp: string;
  /** The number of change rows after the full baseline; infinite if no more can be added. */
  readonly addedRows: number;
}

/**
 * The file holds a baseline as a line of JSON, then a line for each later change, which names the generation it
 * follows. Changes that two windows added at the same time, or that were cut off, are ignored; the sandbox's marker
 * then shows the drift.
 */
export function readBaseline(file: string): SavedBaseline | undefined {
  const stamp = stampOf(file);
  try {
    if (stamp === undefined) return undefined;
    const [whole = "", ...changes] = readFileSync(file, "utf8").split("\n");
    const first = JSON.parse(whole) as { readonly version?: unknown } & Change;
    if (first.version !== VERSION) return undefined;
    const entries = new Map<string, FolderEntry>();
    apply(first, entries);
    const { generation, confirmed, addedRows } = applyAll(changes, first, entries);
    const baseline = { generation, entries, ...(confirmed && { confirmed: fromTimes(confirmed) }) };
    return { baseline, stamp, addedRows };
  } catch {
    return undefined;
  }
}

/** If a baseline cannot be stored, the next window compares the folders again. */
export function writeBaseline(file: string, baseline: Baseline): SavedBaseline | undefined {
  const { generation, entries } = baseline;
  try {
    const rows = Array.from(entries.values(), toRow);
    const whole = { version: VERSION, generation, rows, confirmed: toTimes(baseline) };
    replaceFile(file, `${JSON.stringify(whole)}\n`);
    const stamp = stampOf(file);
    return stamp === undefined ? undefined : { baseline, stamp, addedRows: 0 };
  } catch {
    return undefined;
  }
}

/**
 * Appends the difference between `baseline` and the file; returns `undefined` if the full baseline must be written
 * instead.
 */
export function addToBaseline(file: string, saved: SavedBaseline, baseline: Baseline): SavedBaseline | undefined {
  if (stampOf(file) !== saved.stamp) return undefined;
  const change = changeBetween(saved.baseline, baseline);
  const addedRows = saved.addedRows + change.rows.length + change.gone.length;
  if (addedRows > Math.max(MIN_ADDED_ROWS, baseline.entries.size / 4)) return undefined;
  try {
    appendFileSync(file, `${JSON.stringify(change)}\n`);
    const stamp = stampOf(file);
    return stamp === undefined ? undefined : { baseline, stamp, addedRows };
  } catch {
    return undefined;
  }
}

export function stampOf(file: string): string | undefined {
  const stats = statSync(file, { throwIfNoEntry: false });
  return stats && `${stats.ino} ${stats.mtimeMs} ${stats.size}`;
}

const VERSION = 2;
const MIN_ADDED_ROWS = 200;

interface Change {
  readonly after?: string;
  readonly generation: string;
  readonly rows: readonly unknown[];
  readonly gone?: readonly string[];
  /** The complete value, not a difference: it names few files. */
  readonly confirmed?: Times;
}

/** The JSON form of `Confirmed`. */
interface Times {
  readonly at: number;
  readonly later: readonly (readonly [string, number])[];
}

/** Compares by identity: an unchanged entry is the same object. */
function changeBetween(before: Baseline, after: Baseline) {
  const { generation, entries } = after;
  const rows: unknown[] = [];
  let common = 0;
  for (const [path, entry] of entries) {
    const known = before.entries.get(path);
    if (known) common += 1;
    if (known !== entry) rows.push(toRow(entry));
  }
  const isGone = common < before.entries.size;
  const gone = isGone ? [...before.entries.keys()].filter((path) => !entries.has(path)) : [];
  return { after: before.generation, generation, rows, gone, confirmed: toTimes(after) };
}

function applyAll(lines: readonly string[], first: Change, entries: Map<string, FolderEntry>) {
  let { generation, confirmed } = first;
  let addedRows = 0;
  for (const [index, line] of lines.entries()) {
    if (line === "" && index === lines.length - 1) return { generation, confirmed, addedRows };
    const change = parse(line);
    if (change?.after !== generation) break;
    apply(change, entries);
    addedRows += change.rows.length + (change.gone?.length ?? 0);
    ({ generation, confirmed } = change);
  }
  return { generation, confirmed, addedRows: Number.POSITIVE_INFINITY };
}

function parse(line: string): Change | undefined {
  try {
    return JSON.parse(line) as Change;
  } catch {
    return undefined;
  }
}

/** Throws if `writeBaseline` did not write it. */
function apply({ generation, rows, gone = [] }: Change, entries: Map<string, FolderEntry>): void {
  if (typeof generation !== "string" || !Array.isArray(rows)) throw new Error("This is not a baseline.");
  for (const path of gone) entries.delete(path);
  for (const row of rows) {
    const entry = fromRow(row);
    entries.set(entry.path, entry);
  }
}

function toTimes({ confirmed, entries }: Baseline): Times | undefined {
  return confirmed && { at: confirmed.at, later: [...confirmed.later].filter(([path]) => entries.has(path)) };
}

/** Throws if `toTimes` did not produce it. */
function fromTimes(times: Times): Confirmed {
  const later = new Map(times.later);
  if (![times.at, ...later.values()].every(Number.isFinite)) throw new Error("These are not times.");
  return { at: times.at, later };
}

/** A row takes a third of the size of an object and a quarter of the time to parse. */
function toRow(entry: FolderEntry): unknown[] {
  const { path, mode, mtimeMs } = entry;
  if (entry.kind === "directory") return [path, mode, mtimeMs];
  if (entry.kind === "symlink") return [path, mode, mtimeMs, entry.target];
  const { size, ctimeMs, ino, thereCtime } = entry;
  return [path, mode, mtimeMs, size, ctimeMs, ino, ...(thereCtime === undefined ? [] : [thereCtime])];
}

function fromRow(row: unknown): FolderEntry {
  const [path, mode, mtimeMs, sizeOrTarget, ctimeMs, ino, thereCtime] = row as unknown[];
  if (typeof path !== "string" || typeof mode !== "number" || typeof mtimeMs !== "number")
    throw new Error("A row is damaged.");
  if (sizeOrTarget === undefined) return { kind: "directory", path, mode, mtimeMs };
  if (typeof sizeOrTarget === "string") return { kind: "symlink", path, mode, mtimeMs, target: sizeOrTarget };
  if (typeof sizeOrTarget !== "number" || typeof ctimeMs !== "number" || typeof ino !== "number")
    throw new Error("A row is damaged.");
  const file = { kind: "file", path, mode, mtimeMs, size: sizeOrTarget, ctimeMs, ino } as const;
  return typeof thereCtime === "number" ? { ...file, thereCtime } : file;
}
