import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";

import { replaceFile } from "../../base/replaceFile";
import { isObject, isWords } from "../../base/guards";
import type { RulesFiles } from "./syncRules";

/** The rules that applied to the last push of a folder, to any sandbox. */
export interface AcceptedRules {
  /** The key of the `OuterRules`. */
  readonly outerKey: string;
  /** The contents of the rules files, by folder. */
  readonly files: ReadonlyMap<string, RulesFiles>;
  /** The lines that the user allowed to push secrets, each as `spellLine` formats it. */
  readonly secretLines: ReadonlySet<string>;
}

/**
 * Remembers which rules the user has accepted for each folder; shared by the windows of this machine through files.
 * Synchronous (see `scan`).
 */
export class AcceptedRulesStore {
  readonly #folder: string | undefined;
  readonly #known = new Map<string, { readonly rules: AcceptedRules; readonly stamp: string | undefined }>();
  readonly #asked = new Map<string, Set<string>>();

  /** @param folder where to store them; without it they last as long as this object */
  constructor(folder: string | undefined) {
    this.#folder = folder;
  }

  get(root: string): AcceptedRules | undefined {
    const known = this.#known.get(root);
    const file = this.#fileOf(root);
    if (file === undefined) return known?.rules;
    const stamp = stampOf(file);
    if (known && known.stamp === stamp) return known.rules;

    const rules = stamp === undefined ? undefined : read(file);
    if (rules) this.#known.set(root, { rules, stamp });
    else this.#known.delete(root);
    return rules;
  }

  put(root: string, rules: AcceptedRules): void {
    const file = this.#fileOf(root);
    if (file !== undefined) write(file, rules);
    this.#known.set(root, { rules, stamp: file === undefined ? undefined : stampOf(file) });
    this.#asked.delete(root);
  }

  /** Notes that the user asked to push a path, whatever the rules were. Valid until the next `put`. */
  askFor(root: string, path: string): void {
    this.#asked.set(root, (this.#asked.get(root) ?? new Set()).add(path));
  }

  askedFor(root: string): ReadonlySet<string> {
    return this.#asked.get(root) ?? NOTHING;
  }

  #fileOf(root: string): string | undefined {
    const name = createHash("sha256").update(root).digest("hex").slice(0, 40);
    return this.#folder === undefined ? undefined : join(this.#folder, `rules-${name}.json`);
  }
}

const NOTHING: ReadonlySet<string> = new Set();

function stampOf(file: string): string | undefined {
  const stats = statSync(file, { throwIfNoEntry: false });
  return stats && `${stats.ino} ${stats.mtimeMs} ${stats.size}`;
}

/** If the rules cannot be stored, the user is asked again next time. */
function write(file: string, { outerKey, files, secretLines }: AcceptedRules): void {
  try {
    const rows = Array.from(files, ([folder, texts]) => ({ folder, ...texts }));
    replaceFile(file, JSON.stringify({ outerKey, rows, secretLines: [...secretLines] }));
  } catch {
    return;
  }
}

function read(file: string): AcceptedRules | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (!isObject(value) || typeof value.outerKey !== "string") return undefined;
    if (!Array.isArray(value.rows) || !isWords(value.secretLines)) return undefined;
    const files = new Map<string, RulesFiles>();
    for (const row of value.rows) {
      if (!isObject(row) || typeof row.folder !== "string") return undefined;
      files.set(row.folder, { gitignore: textIn(row.gitignore), modalignore: textIn(row.modalignore) });
    }
    return { outerKey: value.outerKey, files, secretLines: new Set(value.secretLines) };
  } catch {
    return undefined;
  }
}

const textIn = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
