import { existsSync } from "node:fs";
import { join } from "node:path";

import ignore, { type Ignore } from "ignore";

import { isEnvironment } from "./builtinExcludes";
import type { RemoteEntry } from "./remoteListing";
import { OUTPUT_FOLDER } from "./outputFolder";
import { readRules, rulesAbove } from "./rulesAbove";
import { GITIGNORE, MODALIGNORE, SyncRules, type Exclusion } from "./syncRules";

/** In the patterns of a pull: everything that a push would send, were it here. */
const EVERYTHING = "**";

/** Decides what a pull brings back. The rules files here decide, not the sandbox's. Blocks (see `scan`). */
export class PullFilter {
  readonly #root: string;
  readonly #takesSynced: boolean;
  readonly #chosen: Ignore | undefined;
  readonly #environments: ReadonlySet<string>;
  readonly #folders = new Map<string, FolderVerdict>();

  /**
   * @param patterns in `.gitignore`'s syntax; one other than `EVERYTHING` also brings back what is ignored, one with `!`
   *   leaves out; none: nothing comes back
   */
  constructor(root: string, patterns: readonly string[], listing: readonly RemoteEntry[]) {
    this.#root = root;
    this.#takesSynced = patterns.includes(EVERYTHING);
    const chosen = patterns.filter((pattern) => pattern !== EVERYTHING);
    if (patterns.length > 0) chosen.unshift(`/${OUTPUT_FOLDER}/**`);
    this.#chosen = chosen.length > 0 ? ignore({ ignorecase: false }).add(chosen) : undefined;
    this.#environments = environmentsIn(listing);
  }

  takes({ path, kind }: RemoteEntry): boolean {
    const isFolder = kind === "directory";
    // Each run gets one, whether it uses it or not.
    if (isFolder && path === OUTPUT_FOLDER) return false;
    const exclusion = this.#exclusion(this.#folder(parentOf(path)), path, isFolder);
    if (exclusion === "clutter" || exclusion === "secret") return false;
    const { ignored, unignored } = this.#chosen?.test(isFolder ? `${path}/` : path) ?? NEITHER;
    if (ignored || unignored) return ignored;
    return this.#takesSynced && exclusion === undefined;
  }

  /** Whether a push would send it, were it here. */
  isSynced({ path, kind }: RemoteEntry): boolean {
    return this.#exclusion(this.#folder(parentOf(path)), path, kind === "directory") === undefined;
  }

  #exclusion(outer: FolderVerdict, path: string, isFolder: boolean): Exclusion | undefined {
    if (outer.exclusion !== undefined && outer.exclusion !== "rule") return outer.exclusion;
    const isLeftOut = this.#environments.has(path) && !outer.rules.includesByName(path, true);
    const own = isFolder && isLeftOut ? "clutter" : outer.rules.exclusion(path, nameOf(path), isFolder);
    return own === undefined || own === "rule" ? (outer.exclusion ?? own) : own;
  }

  #folder(path: string): FolderVerdict {
    const known = this.#folders.get(path);
    if (known) return known;
    const outer = path === "" ? undefined : this.#folder(parentOf(path));
    const verdict = {
      exclusion: outer && this.#exclusion(outer, path, true),
      rules: (outer?.rules ?? new SyncRules(rulesAbove(this.#root).rules)).within(path, this.#rulesFiles(path)),
    };
    this.#folders.set(path, verdict);
    return verdict;
  }

  #rulesFiles(folder: string) {
    const absolute = join(this.#root, folder);
    // Most have neither, and a call that fails costs ten that do not.
    const read = (name: string) => (existsSync(join(absolute, name)) ? readRules(absolute, name) : undefined);
    return { gitignore: read(GITIGNORE), modalignore: read(MODALIGNORE) };
  }
}

const NEITHER = { ignored: false, unignored: false };

interface FolderVerdict {
  readonly exclusion: Exclusion | undefined;
  /** For what is in it. */
  readonly rules: SyncRules;
}

/** Folders that are virtual environments by what they hold. */
function environmentsIn(listing: readonly RemoteEntry[]): ReadonlySet<string> {
  const telling = new Map<string, Set<string>>();
  for (const { path } of listing) {
    const name = nameOf(path);
    if (name !== "pyvenv.cfg" && name !== "conda-meta" && name !== "bin") continue;
    const folder = parentOf(path);
    telling.set(folder, (telling.get(folder) ?? new Set()).add(name));
  }
  return new Set([...telling].flatMap(([folder, names]) => (folder !== "" && isEnvironment(names) ? [folder] : [])));
}

const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/")));
