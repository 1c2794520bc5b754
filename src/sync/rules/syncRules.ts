import { builtinExclude, type BuiltinExclude } from "./builtinExcludes";
import { IgnoreRules, type RuleLine } from "./ignoreRules";

/** Why an entry stays out. */
export type Exclusion = "rule" | BuiltinExclude;

/** The texts of a folder's rules files; those that it does not have are undefined. */
export interface RulesFiles {
  readonly gitignore: string | undefined;
  readonly modalignore: string | undefined;
}

export const GITIGNORE = ".gitignore";
export const MODALIGNORE = ".modalignore";

/**
 * The order of say: `.modalignore` files, then what is built in, then `.gitignore` files. What is built in stays out
 * unless a `.modalignore` includes it by name: `!*` does not bring secrets along.
 */
export class SyncRules {
  readonly #git: IgnoreRules;
  readonly #modal: IgnoreRules;

  constructor(git: IgnoreRules, modal = IgnoreRules.none) {
    this.#git = git;
    this.#modal = modal;
  }

  /** The rules inside `folder`: this object where it adds none. */
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

  /** Whether a `.modalignore` asks for just this one, not for whatever there is. */
  includesByName(path: string, isDirectory: boolean): boolean {
    return this.lineByName(path, isDirectory) !== undefined;
  }

  /** The line of a `.modalignore` that asks for just this one. */
  lineByName(path: string, isDirectory: boolean): RuleLine | undefined {
    if (this.#modal.verdict(path, isDirectory) !== "included") return undefined;
    return this.#modal.decidingLine(path, isDirectory, namesSomething);
  }

  /** The line that excludes a path, or that includes it on purpose. */
  decidingLine(path: string, isDirectory: boolean): RuleLine | undefined {
    const rules = this.#modal.verdict(path, isDirectory) === undefined ? this.#git : this.#modal;
    return rules.decidingLine(path, isDirectory);
  }
}

/** Whether a pattern includes, and has more than wildcards for a name. */
function namesSomething(pattern: string): boolean {
  const name = pattern.replace(/\/$/, "").split("/").at(-1) ?? "";
  return pattern.startsWith("!") && /[^!*?.[\]]/.test(name);
}
