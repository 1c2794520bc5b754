import { join } from "node:path";

import ignore, { type Ignore } from "ignore";

import { environmentsIn } from "../rules/environments";
import type { LocalFolder } from "../folder/localFolder";
import type { RemoteEntry } from "../remote/remoteListing";
import { OUTPUT_FOLDER } from "../rules/outputFolder";
import { readRules, rulesAbove } from "../rules/rulesAbove";
import { RulesTree } from "../rules/rulesTree";
import { GITIGNORE, MODALIGNORE, type RulesFiles } from "../rules/syncRules";

/** In the patterns of a pull: everything that a push would send, were it here. */
const EVERYTHING = "**";

/** True if the patterns leave nothing out that a push would send. */
export const isEverything = (patterns: readonly string[]): boolean =>
  patterns.includes(EVERYTHING) && !patterns.some((pattern) => pattern.startsWith("!"));

/** Decides what a pull brings back. The rules files here decide, not the sandbox's. Blocks (see `scan`). */
export class PullFilter {
  readonly #takesSynced: boolean;
  readonly #chosen: Ignore | undefined;
  readonly #rules: RulesTree;

  /**
   * @param patterns in `.gitignore`'s syntax; one other than `EVERYTHING` also brings back what is ignored, one with `!`
   *   leaves out; none: nothing comes back
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
    // Each run gets one, whether it uses it or not.
    if (isFolder && path === OUTPUT_FOLDER) return false;
    const exclusion = this.#rules.exclusion(path, isFolder);
    if (exclusion === "clutter" || exclusion === "secret") return false;
    const { ignored, unignored } = this.#chosen?.test(isFolder ? `${path}/` : path) ?? NEITHER;
    if (ignored || unignored) return ignored;
    return this.#takesSynced && exclusion === undefined;
  }

  /** Whether a push would send it, were it here. */
  isSynced({ path, kind }: RemoteEntry): boolean {
    return this.#rules.exclusion(path, kind === "directory") === undefined;
  }
}

const NEITHER = { ignored: false, unignored: false };

function rulesFilesIn(root: string, here: LocalFolder, folder: string): RulesFiles {
  // Most have neither, and a call that fails costs ten that do not.
  const read = (name: string) =>
    here.stats(folder === "" ? name : `${folder}/${name}`) ? readRules(join(root, folder), name) : undefined;
  return { gitignore: read(GITIGNORE), modalignore: read(MODALIGNORE) };
}
