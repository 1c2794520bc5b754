import { closeSync, constants, lstatSync, openSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

import { IgnoreRules } from "./ignoreRules";
import { GITIGNORE } from "./syncRules";

/** Rules from outside the scanned folder. */
export interface OuterRules {
  readonly rules: IgnoreRules;
  /** The same for the same rules. */
  readonly key: string;
}

/**
 * The rules that the repository around `root` has for it. A repository that ignores `root` altogether (a home folder
 * under version control, say) has no say.
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

/** The rules that had this key; throws at what is no key. */
export const rulesOfKey = (key: string): IgnoreRules =>
  key === "" ? IgnoreRules.none : combine(JSON.parse(key) as OuterFile[]);

interface OuterFile {
  readonly rootPath: string;
  readonly text: string;
  readonly file: string;
}

const combine = (files: readonly OuterFile[]): IgnoreRules =>
  files.reduce((outer, { rootPath, text, file }) => outer.below(rootPath, text, file), IgnoreRules.none);

/** The text of a rules file. Like git, it does not follow a link, and goes without a file it cannot read. */
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

/** Outermost first; none if `root` is not below a repository's top folder. */
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
