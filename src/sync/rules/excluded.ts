import { readdirSync } from "node:fs";
import { join } from "node:path";

import { folderExclude, type BuiltinExclude, type FolderExclude } from "./builtinExcludes";
import type { RuleLine } from "./ignoreRules";
import { readRules, rulesAbove } from "./rulesAbove";
import { GITIGNORE, MODALIGNORE, SyncRules } from "./syncRules";

/** The entries that one rule excludes from every push: files, and folders, each counted as one entry. */
export interface ExcludedGroup {
  readonly by: RuleLine | BuiltinExclude | FolderExclude;
  readonly count: number;
  /** The first few entries, in order of path. */
  readonly examples: readonly string[];
}

const MOST_EXAMPLES = 3;

/**
 * Lists everything in a folder that the rules exclude, grouped by the rule that decides, largest group first.
 * @param root with links resolved
 */
export function listExcluded(root: string): ExcludedGroup[] {
  const groups = new Map<string, ExcludedGroup & { count: number; examples: string[] }>();
  const add = (path: string, by: ExcludedGroup["by"]) => {
    const key = typeof by === "string" ? by : `${by.file}:${by.line}`;
    const group = groups.get(key) ?? { by, count: 0, examples: [] };
    groups.set(key, group);
    group.count += 1;
    if (group.examples.length < MOST_EXAMPLES) group.examples.push(path);
  };
  new Walk(root, add).visit("", new SyncRules(rulesAbove(root).rules));
  return [...groups.values()].sort((a, b) => b.count - a.count);
}

/** Visits the folders that a scan visits. The scan reports the entries that cannot be read. */
class Walk {
  readonly #root: string;
  readonly #add: (path: string, by: ExcludedGroup["by"]) => void;

  constructor(root: string, add: (path: string, by: ExcludedGroup["by"]) => void) {
    this.#root = root;
    this.#add = add;
  }

  visit(folder: string, outer: SyncRules): void {
    const listing = attempt(() => readdirSync(join(this.#root, folder), { withFileTypes: true })) ?? [];
    const names = new Set(listing.map(({ name }) => name));
    const exclude = folder === "" ? undefined : folderExclude(names);
    if (exclude !== undefined && !outer.includesByName(folder, true)) {
      this.#add(folder, exclude);
      return;
    }
    const rules = outer.within(folder, this.#rulesFiles(folder, names));
    for (const entry of listing) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      const isDirectory = entry.isDirectory();
      const exclusion = rules.exclusion(path, entry.name, isDirectory);
      const line = exclusion === "rule" ? rules.decidingLine(path, isDirectory) : undefined;
      if (line) this.#add(path, line);
      else if (exclusion !== undefined && exclusion !== "rule") this.#add(path, exclusion);
      else if (isDirectory && exclusion === undefined) this.visit(path, rules);
    }
  }

  #rulesFiles(folder: string, names: ReadonlySet<string>) {
    const read = (name: string) => (names.has(name) ? readRules(join(this.#root, folder), name) : undefined);
    return { gitignore: read(GITIGNORE), modalignore: read(MODALIGNORE) };
  }
}

function attempt<T>(access: () => T): T | undefined {
  try {
    return access();
  } catch {
    return undefined;
  }
}
