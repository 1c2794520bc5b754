import { appendFileSync, readFileSync, statSync } from "node:fs";

import { replaceFile } from "../../base/replaceFile";
import type { Confirmed } from "./confirmed";
import type { FolderEntry } from "./folderEntry";

/**
 * What a sandbox is known to hold of a folder: each entry as this side last sent it (or received it, after a pull).
 * A file in the sandbox is still ours if its size and the whole seconds of its mtime are the entry's; everything else
 * there, and every path that is not in here, was made or changed by the sandbox's programs.
 */
export interface Baseline {
  /** The content of the sandbox's marker (`SYNC_MARKER` in the remote folder); another one there means drift. */
  readonly generation: string;
  readonly entries: ReadonlyMap<string, FolderEntry>;
  /** Missing if the sandbox cannot say when a push ended. */
  readonly confirmed?: Confirmed | undefined;
}

/** A baseline as a file has it. */
export interface SavedBaseline {
  readonly baseline: Baseline;
  /** Differs once anybody has written the file. */
  readonly stamp: string;
  /** Rows of changes behind the whole; infinite where nothing can be added any more. */
  readonly addedRows: number;
}

/**
 * The file holds a baseline as a line of JSON, then a line for each change since then, which says after which generation
 * it comes: what two windows add at once, or what was cut off, is left out, and the sandbox's marker then tells that.
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
    return { baseline: { generation, entries, confirmed: fromTimes(confirmed) }, stamp, addedRows };
  } catch {
    return undefined;
  }
}

/** If a baseline cannot be stored, the next window only has to compare the folders again. */
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

/** Writes what `baseline` differs in from what the file has; `undefined` where the whole must be written instead. */
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
  /** All of it, not what changed: it names few files. */
  readonly confirmed?: Times;
}

/** `Confirmed` as JSON has it. */
interface Times {
  readonly at: number;
  readonly later: readonly (readonly [string, number])[];
}

/** By identity: an entry that did not change is the object that it was. */
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

/** Throws at what `writeBaseline` did not write. */
function apply({ generation, rows, gone = [] }: Change, entries: Map<string, FolderEntry>): void {
  if (typeof generation !== "string" || !Array.isArray(rows)) throw new Error("This is no baseline.");
  for (const path of gone) entries.delete(path);
  for (const row of rows) {
    const entry = fromRow(row);
    entries.set(entry.path, entry);
  }
}

function toTimes({ confirmed, entries }: Baseline): Times | undefined {
  return confirmed && { at: confirmed.at, later: [...confirmed.later].filter(([path]) => entries.has(path)) };
}

/** Throws at what `toTimes` did not make. */
function fromTimes(times: Times | undefined): Confirmed | undefined {
  if (times === undefined) return undefined;
  const later = new Map(times.later);
  if (![times.at, ...later.values()].every(Number.isFinite)) throw new Error("These are no times.");
  return { at: times.at, later };
}

/** A third of the size of the objects, and a quarter of the time to parse them. */
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
