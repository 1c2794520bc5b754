import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

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
}

export interface BaselineKey {
  readonly sandboxId: string;
  readonly remotePath: string;
  /** The local folder, as it was named. */
  readonly root: string;
}

export const newGeneration = (): string => randomBytes(9).toString("base64url");

/**
 * The baselines of this machine, shared by its windows through files. Blocks, so it lives in the sync worker; whoever
 * writes through another instance is noticed by the file's stamp.
 */
export class BaselineStore {
  readonly #folder: string | undefined;
  readonly #unconfirmed = new Map<string, readonly FolderEntry[]>();
  readonly #known = new Map<string, { readonly baseline: Baseline; stamp: string | undefined }>();

  /** @param folder where to keep them; without it they last as long as this object */
  constructor(folder: string | undefined) {
    this.#folder = folder;
  }

  get(key: BaselineKey): Baseline | undefined {
    const name = nameOf(key);
    const known = this.#known.get(name);
    if (this.#folder === undefined) return known?.baseline;
    const file = join(this.#folder, name);
    const stamp = stampOf(file);
    if (known && (known.stamp === undefined || known.stamp === stamp)) return known.baseline;

    const baseline = stamp === undefined ? undefined : read(file);
    if (baseline) this.#known.set(name, { baseline, stamp });
    else this.#known.delete(name);
    return baseline;
  }

  /** What was sent without word from the sandbox that it arrived: it may or may not be there. */
  unconfirmed(key: BaselineKey): readonly FolderEntry[] | undefined {
    return this.#unconfirmed.get(nameOf(key));
  }

  send(key: BaselineKey, entries: readonly FolderEntry[]): void {
    const name = nameOf(key);
    const before = this.#unconfirmed.get(name) ?? [];
    this.#unconfirmed.set(name, entries.length === 0 ? before : [...before, ...entries].slice(-MOST_UNCONFIRMED));
  }

  /** Confirms what was sent. Remembered at once, written to disk at once where that takes no time. */
  put(key: BaselineKey, baseline: Baseline): void {
    const name = nameOf(key);
    this.#unconfirmed.delete(name);
    const known: { readonly baseline: Baseline; stamp: string | undefined } = { baseline, stamp: undefined };
    this.#known.set(name, known);
    const folder = this.#folder;
    if (folder === undefined) return;
    const save = () => {
      if (this.#known.get(name) === known) known.stamp = write(folder, name, baseline);
    };
    if (baseline.entries.size <= SAVED_AT_ONCE) save();
    else setImmediate(save);
  }
}

/** So many take 30 ms. */
const SAVED_AT_ONCE = 20_000;

/** After that many a comparison may take what was sent for what the sandbox's programs made, which loses nothing. */
const MOST_UNCONFIRMED = 300_000;

const VERSION = 1;

const nameOf = ({ sandboxId, remotePath, root }: BaselineKey): string =>
  `${createHash("sha256")
    .update(JSON.stringify([sandboxId, remotePath, root]))
    .digest("hex")
    .slice(0, 40)}.json`;

function stampOf(file: string): string | undefined {
  const stats = statSync(file, { throwIfNoEntry: false });
  return stats && `${stats.ino} ${stats.mtimeMs} ${stats.size}`;
}

/** Whole or not at all; a baseline that cannot be kept costs the next window a comparison, no more. */
function write(folder: string, name: string, { generation, entries }: Baseline): string | undefined {
  const file = join(folder, name);
  const temporary = `${file}.${process.pid}`;
  try {
    mkdirSync(folder, { recursive: true });
    const rows = Array.from(entries.values(), toRow);
    writeFileSync(temporary, JSON.stringify({ version: VERSION, generation, rows }), { mode: 0o600 });
    renameSync(temporary, file);
    return stampOf(file);
  } catch {
    rmSync(temporary, { force: true });
    return undefined;
  }
}

/** Undefined where the file is not one that `write` made. */
function read(file: string): Baseline | undefined {
  try {
    const saved = JSON.parse(readFileSync(file, "utf8")) as { version?: unknown; generation?: unknown; rows?: unknown };
    if (saved.version !== VERSION || typeof saved.generation !== "string" || !Array.isArray(saved.rows))
      return undefined;
    const entries = new Map<string, FolderEntry>();
    for (const row of saved.rows as unknown[]) {
      const entry = fromRow(row);
      if (!entry) return undefined;
      entries.set(entry.path, entry);
    }
    return { generation: saved.generation, entries };
  } catch {
    return undefined;
  }
}

/** A third of the size of the objects, and a quarter of the time to parse them. */
function toRow(entry: FolderEntry): unknown[] {
  const row = [entry.path, entry.mode, entry.mtimeMs];
  if (entry.kind === "directory") return row;
  return entry.kind === "symlink" ? [...row, entry.target] : [...row, entry.size, entry.ctimeMs, entry.ino];
}

function fromRow(row: unknown): FolderEntry | undefined {
  if (!Array.isArray(row)) return undefined;
  const [path, mode, mtimeMs, sizeOrTarget, ctimeMs, ino] = row as unknown[];
  if (typeof path !== "string" || typeof mode !== "number" || typeof mtimeMs !== "number") return undefined;
  const base = { path, mode, mtimeMs };
  if (sizeOrTarget === undefined) return { kind: "directory", ...base };
  if (typeof sizeOrTarget === "string") return { kind: "symlink", ...base, target: sizeOrTarget };
  if (typeof sizeOrTarget !== "number" || typeof ctimeMs !== "number" || typeof ino !== "number") return undefined;
  return { kind: "file", ...base, size: sizeOrTarget, ctimeMs, ino };
}
