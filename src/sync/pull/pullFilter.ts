import { join } from "node:path";

import ignore, { type Ignore } from "ignore";

import { environmentsIn } from "../rules/environments";
import type { LocalFolder } from "../folder/localFolder";
import type { RemoteEntry } from "../remote/remoteListing";
import { OUTPUT_FOLDER } from "../rules/outputFolder";
import { readRules, rulesAbove } from "../rules/rulesAbove";
import { RulesTree } from "../rules/rulesTree";
import { GITIGNORE, MODALIGNORE, type RulesFiles } from "../rules/syncRules";

/** A pattern of a pull that stands for every entry that a push would include. */
const EVERYTHING = "**";

/** True if the patterns include every entry that a push would. */
export const isEverything = (patterns: readonly string[]): boolean =>
  patterns.includes(EVERYTHING) && !patterns.some((pattern) => pattern.startsWith("!"));

/**
 * Decides which entries a pull includes, based on the rules files here, not the sandbox's. Synchronous (see `scan`).
 */
export class PullFilter {
  readonly #takesSynced: boolean;
  readonly #chosen: Ignore | undefined;
  readonly #rules: RulesTree;

  /**
   * @param patterns in `.gitignore` syntax; a pattern other than `EVERYTHING` also includes ignored entries, one with
   *   `!` excludes; without patterns, nothing is pulled
   */
  constructor(root: string, here: LocalFolder, patterns: readonly string[], listing: readonly RemoteEntry[]) {
    this.#takesSynced = patterns.includes(EVERYTHING);
    const chosen = patterns.filter((pattern) => pattern !== EVERYTHING);
    if (patterns.length > 0) chosen.unshift(`/${OUTPUT_FOLDER}/**`);
    this.#chosen = chosen.length > 0 ? ignore({ ignorecase: false }).add(chosen) : undefined;
    this.#rules = new RulesTree(
      rulesAbove(root).rules,
      (folder) => rulesFilesIn(root, here, folder),
      environmentsIn(listing),
    );
  }

  takes({ path, kind }: RemoteEntry): boolean {
    const isFolder = kind === "directory";
    // Every run has one, even if it does not use it.
    if (isFolder && path === OUTPUT_FOLDER) return false;
    const exclusion = this.#rules.exclusion(path, isFolder);
    if (exclusion === "clutter" || exclusion === "copy" || exclusion === "secret") return false;
    const { ignored, unignored } = this.#chosen?.test(isFolder ? `${path}/` : path) ?? NEITHER;
    if (ignored || unignored) return ignored;
    return this.#takesSynced && exclusion === undefined;
  }

  /** True if a push would include the entry if it were here. */
  isSynced({ path, kind }: RemoteEntry): boolean {
    return this.#rules.exclusion(path, kind === "directory") === undefined;
  }
}

const NEITHER = { ignored: false, unignored: false };

function rulesFilesIn(root: string, here: LocalFolder, folder: string): RulesFiles {
  // Most folders have neither file, and a call that fails costs as much as ten that succeed.
  const read = (name: string) =>
    here.stats(folder === "" ? name : `${folder}/${name}`) ? readRules(join(root, folder), name) : undefined;
  return { gitignore: read(GITIGNORE), modalignore: read(MODALIGNORE) };
}
