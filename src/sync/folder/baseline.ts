import { createHash, randomBytes } from "node:crypto";
import { join } from "node:path";

import { addToBaseline, readBaseline, stampOf, writeBaseline, type Baseline, type SavedBaseline } from "./baselineFile";
import type { FolderEntry } from "./folderEntry";

export interface BaselineKey {
  readonly sandboxId: string;
  readonly remotePath: string;
  /** The local folder, as the caller spells it. */
  readonly root: string;
}

export const newGeneration = (): string => randomBytes(9).toString("base64url");

/**
 * The baselines of this machine, shared by its windows through files. Synchronous, so it runs in the sync worker. It
 * notices writes by other windows by the file's stamp.
 */
export class BaselineStore {
  readonly #folder: string | undefined;
  readonly #unconfirmed = new Map<string, readonly FolderEntry[]>();
  readonly #known = new Map<string, Known>();

  /** @param folder where to store them; without it they last as long as this object */
  constructor(folder: string | undefined) {
    this.#folder = folder;
  }

  get(key: BaselineKey): Baseline | undefined {
    const name = nameOf(key);
    const known = this.#known.get(name);
    if (this.#folder === undefined) return known?.baseline;
    const file = join(this.#folder, name);
    if (known && (!known.saved || known.saved.stamp === stampOf(file))) return known.baseline;

    const saved = readBaseline(file);
    if (saved) this.#known.set(name, { baseline: saved.baseline, saved });
    else this.#known.delete(name);
    return saved?.baseline;
  }

  /** Entries that were pushed without a confirmation from the sandbox: they may or may not be there. */
  unconfirmed(key: BaselineKey): readonly FolderEntry[] | undefined {
    return this.#unconfirmed.get(nameOf(key));
  }

  send(key: BaselineKey, entries: readonly FolderEntry[]): void {
    const name = nameOf(key);
    const before = this.#unconfirmed.get(name) ?? [];
    this.#unconfirmed.set(name, entries.length === 0 ? before : [...before, ...entries].slice(-MOST_UNCONFIRMED));
  }

  /** Confirms what was pushed. Saved in memory immediately, and on disk immediately if that is fast. */
  put(key: BaselineKey, baseline: Baseline): void {
    const name = nameOf(key);
    this.#unconfirmed.delete(name);
    const before = this.#known.get(name)?.saved;
    const known: Known = { baseline, saved: undefined };
    this.#known.set(name, known);
    if (this.#folder === undefined) return;

    const file = join(this.#folder, name);
    const save = () => {
      if (this.#known.get(name) === known) known.saved = writeBaseline(file, baseline);
    };
    known.saved = before && addToBaseline(file, before, baseline);
    if (known.saved) return;
    if (baseline.entries.size <= SAVED_AT_ONCE) save();
    else setImmediate(save);
  }
}

interface Known {
  readonly baseline: Baseline;
  /** Undefined until it is on disk. */
  saved: SavedBaseline | undefined;
}

/** Saving this many takes 5 ms. */
const SAVED_AT_ONCE = 2000;

/** Beyond this many, a comparison may attribute pushed files to the sandbox's programs, which loses nothing. */
const MOST_UNCONFIRMED = 300_000;

const nameOf = ({ sandboxId, remotePath, root }: BaselineKey): string =>
  `${createHash("sha256")
    .update(JSON.stringify([sandboxId, remotePath, root]))
    .digest("hex")
    .slice(0, 40)}.json`;
