import { closeSync, constants, lstatSync, openSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

import { IgnoreRules } from "./ignoreRules";
import { GITIGNORE } from "./syncRules";

/** Rules from outside the scanned folder. */
export interface OuterRules {
  readonly rules: IgnoreRules;
  /** Equal for equal rules. */
  readonly key: string;
}

/**
 * Returns the rules that the surrounding repository has for `root`. A repository that ignores `root` itself (a home
 * folder under version control, for example) is not considered.
 */
export function rulesAbove(root: string): OuterRules {
  const files = ancestorsInRepository(root).flatMap(({ folder, rootPath }) => {
    const text = readRules(folder, GITIGNORE);
    return text === undefined ? [] : [{ rootPath, text, file: join(folder, GITIGNORE) }];
  });
  const rules = combine(files);
  if (rules.ignores("", true)) return { rules: IgnoreRules.none, key: "" };
  return { rules, key: JSON.stringify(files) };
}

/** Returns the rules with this key; throws if it isn't a key. */
export const rulesOfKey = (key: string): IgnoreRules =>
  key === "" ? IgnoreRules.none : combine(JSON.parse(key) as OuterFile[]);

interface OuterFile {
  readonly rootPath: string;
  readonly text: string;
  readonly file: string;
}

const combine = (files: readonly OuterFile[]): IgnoreRules =>
  files.reduce((outer, { rootPath, text, file }) => outer.below(rootPath, text, file), IgnoreRules.none);

/** Returns the content of a rules file. Like git, it does not follow a link and ignores a file that it cannot read. */
export function readRules(folder: string, name: string): string | undefined {
  try {
    const file = openSync(join(folder, name), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      return readFileSync(file, "utf8");
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined;
  }
}

/** Returns the outermost folder first; empty if `root` is not below a repository's top folder. */
function ancestorsInRepository(root: string): { folder: string; rootPath: string }[] {
  if (isRepository(root)) return [];
  const ancestors: { folder: string; rootPath: string }[] = [];
  let rootPath = basename(root);
  for (let folder = dirname(root); ; folder = dirname(folder)) {
    ancestors.unshift({ folder, rootPath });
    if (isRepository(folder)) return ancestors;
    if (folder === dirname(folder)) return [];
    rootPath = `${basename(folder)}/${rootPath}`;
  }
}

const isRepository = (folder: string): boolean =>
  lstatSync(join(folder, ".git"), { throwIfNoEntry: false }) !== undefined;
