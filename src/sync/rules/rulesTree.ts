import type { IgnoreRules, RuleLine } from "./ignoreRules";
import { SyncRules, type Exclusion, type RulesFiles } from "./syncRules";

/** What the rules of a tree say of paths that are asked for in any order; a scan asks from the top downwards. */
export class RulesTree {
  readonly #top: SyncRules;
  readonly #filesOf: (folder: string) => RulesFiles;
  readonly #environments: ReadonlySet<string>;
  readonly #folders = new Map<string, FolderVerdict>();

  /**
   * @param outer the rules from above the root
   * @param filesOf the rules files in a folder
   * @param environments the folders that are virtual environments by what they hold
   */
  constructor(outer: IgnoreRules, filesOf: (folder: string) => RulesFiles, environments: ReadonlySet<string>) {
    this.#top = new SyncRules(outer);
    this.#filesOf = filesOf;
    this.#environments = environments;
  }

  /** Why a path stays out; something built in outweighs a rule for a folder around it. */
  exclusion(path: string, isFolder: boolean): Exclusion | undefined {
    return this.#exclusion(this.#folder(parentOf(path)), path, isFolder);
  }

  /** The line that excludes a path or the outermost folder around it that stays out. */
  excludingLine(path: string, isFolder: boolean): RuleLine | undefined {
    const excluded = prefixesOf(path).find(
      (prefix) => this.exclusion(prefix, prefix !== path || isFolder) !== undefined,
    );
    if (excluded === undefined) return undefined;
    return this.#folder(parentOf(excluded)).rules.decidingLine(excluded, excluded !== path || isFolder);
  }

  /** The line that includes a path or the innermost folder around it that any line includes. */
  includingLine(path: string, isFolder: boolean): RuleLine | undefined {
    for (const prefix of prefixesOf(path).reverse()) {
      const line = this.#folder(parentOf(prefix)).rules.decidingLine(prefix, prefix !== path || isFolder);
      if (line?.pattern.startsWith("!")) return line;
    }
    return undefined;
  }

  /** The line that includes just this one, which what is built in yields to. */
  lineByName(path: string, isFolder: boolean): RuleLine | undefined {
    return this.#folder(parentOf(path)).rules.lineByName(path, isFolder);
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
      rules: (outer?.rules ?? this.#top).within(path, this.#filesOf(path)),
    };
    this.#folders.set(path, verdict);
    return verdict;
  }
}

interface FolderVerdict {
  readonly exclusion: Exclusion | undefined;
  /** For what is in it. */
  readonly rules: SyncRules;
}

/** `a`, `a/b` and `a/b/c` of `a/b/c`. */
function prefixesOf(path: string): string[] {
  const steps = path.split("/");
  return steps.map((_, index) => steps.slice(0, index + 1).join("/"));
}

const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/")));
