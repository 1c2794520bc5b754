import type { IgnoreRules, RuleLine } from "./ignoreRules";
import { SyncRules, type Exclusion, type RulesFiles } from "./syncRules";

/** Answers questions about the rules of a tree for paths in any order; a scan asks from the top downwards. */
export class RulesTree {
  readonly #top: SyncRules;
  readonly #filesOf: (folder: string) => RulesFiles;
  readonly #environments: ReadonlySet<string>;
  readonly #folders = new Map<string, FolderVerdict>();

  /**
   * @param outer the rules from above the root
   * @param filesOf the rules files in a folder
   * @param environments the folders whose content shows that they are virtual environments
   */
  constructor(outer: IgnoreRules, filesOf: (folder: string) => RulesFiles, environments: ReadonlySet<string>) {
    this.#top = new SyncRules(outer);
    this.#filesOf = filesOf;
    this.#environments = environments;
  }

  /**
   * Returns the reason why a path is excluded; a built-in exclusion takes precedence over a rule for a folder around
   * it.
   */
  exclusion(path: string, isFolder: boolean): Exclusion | undefined {
    return this.#exclusion(this.#folder(parentOf(path)), path, isFolder);
  }

  /** Returns the line that excludes a path or the outermost excluded folder around it. */
  excludingLine(path: string, isFolder: boolean): RuleLine | undefined {
    const excluded = prefixesOf(path).find(
      (prefix) => this.exclusion(prefix, prefix !== path || isFolder) !== undefined,
    );
    if (excluded === undefined) return undefined;
    return this.#folder(parentOf(excluded)).rules.decidingLine(excluded, excluded !== path || isFolder);
  }

  /** Returns the line that includes a path or the innermost included folder around it. */
  includingLine(path: string, isFolder: boolean): RuleLine | undefined {
    for (const prefix of prefixesOf(path).reverse()) {
      const line = this.#folder(parentOf(prefix)).rules.decidingLine(prefix, prefix !== path || isFolder);
      if (line?.pattern.startsWith("!")) return line;
    }
    return undefined;
  }

  /** Returns the line that includes exactly this entry, which overrides a built-in exclusion. */
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
  /** The rules for its content. */
  readonly rules: SyncRules;
}

/** Returns `a`, `a/b` and `a/b/c` for `a/b/c`. */
function prefixesOf(path: string): string[] {
  const steps = path.split("/");
  return steps.map((_, index) => steps.slice(0, index + 1).join("/"));
}

const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/")));
