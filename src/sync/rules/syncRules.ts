import { builtinExclude, type BuiltinExclude } from "./builtinExcludes";
import { IgnoreRules, type RuleLine } from "./ignoreRules";

/** The reason why an entry is excluded. */
export type Exclusion = "rule" | BuiltinExclude;

/** The contents of a folder's rules files; undefined for missing files. */
export interface RulesFiles {
  readonly gitignore: string | undefined;
  readonly modalignore: string | undefined;
}

export const GITIGNORE = ".gitignore";
export const MODALIGNORE = ".modalignore";

/**
 * The order of precedence: `.modalignore` files, then built-in exclusions, then `.gitignore` files. A built-in
 * exclusion is overridden only if a `.modalignore` includes the entry by name: `!*` does not include secrets.
 */
export class SyncRules {
  readonly #git: IgnoreRules;
  readonly #modal: IgnoreRules;

  constructor(git: IgnoreRules, modal = IgnoreRules.none) {
    this.#git = git;
    this.#modal = modal;
  }

  /** Returns the rules inside `folder`: this object if the folder adds none. */
  within(folder: string, { gitignore, modalignore }: RulesFiles): SyncRules {
    if (gitignore === undefined && modalignore === undefined) return this;
    const file = (name: string) => (folder === "" ? name : `${folder}/${name}`);
    return new SyncRules(
      gitignore === undefined ? this.#git : this.#git.within(folder, gitignore, file(GITIGNORE)),
      modalignore === undefined ? this.#modal : this.#modal.within(folder, modalignore, file(MODALIGNORE)),
    );
  }

  exclusion(path: string, name: string, isDirectory: boolean): Exclusion | undefined {
    const verdict = this.#modal.verdict(path, isDirectory);
    if (verdict === "ignored") return "rule";
    const builtin = builtinExclude(name);
    if (verdict === undefined) return builtin ?? (this.#git.ignores(path, isDirectory) ? "rule" : undefined);
    if (builtin !== undefined && !this.includesByName(path, isDirectory)) return builtin;
    if (isDirectory) this.#git.release(path);
    return undefined;
  }

  /** True if a `.modalignore` includes exactly this entry, not just any entry. */
  includesByName(path: string, isDirectory: boolean): boolean {
    return this.lineByName(path, isDirectory) !== undefined;
  }

  /** Returns the line of a `.modalignore` that includes exactly this entry. */
  lineByName(path: string, isDirectory: boolean): RuleLine | undefined {
    if (this.#modal.verdict(path, isDirectory) !== "included") return undefined;
    return this.#modal.decidingLine(path, isDirectory, namesSomething);
  }

  /** Returns the line that excludes a path or explicitly includes it. */
  decidingLine(path: string, isDirectory: boolean): RuleLine | undefined {
    const rules = this.#modal.verdict(path, isDirectory) === undefined ? this.#git : this.#modal;
    return rules.decidingLine(path, isDirectory);
  }
}

/** True if a pattern includes, and its name has more than wildcards. */
function namesSomething(pattern: string): boolean {
  const name = pattern.replace(/\/$/, "").split("/").at(-1) ?? "";
  return pattern.startsWith("!") && /[^!*?.[\]]/.test(name);
}
