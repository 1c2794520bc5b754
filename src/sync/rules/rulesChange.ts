import type { AcceptedRules } from "./acceptedRules";
import { builtinExclude } from "./builtinExcludes";
import { environmentsIn } from "./environments";
import type { FolderEntry } from "../folder/folderEntry";
import type { RuleLine } from "./ignoreRules";
import { rulesOfKey } from "./rulesAbove";
import { RulesTree } from "./rulesTree";
import type { Scan, ScannedRules } from "../folder/scan";
import { MODALIGNORE } from "./syncRules";

/** A line of a rules file that causes a push to include files that the user has not yet allowed. */
export interface RulesChange extends RuleLine {
  /** `secret`: the line includes files that may contain secrets. `ignored`: earlier rules excluded the files. */
  readonly kind: "secret" | "ignored";
  /** True if the line was removed since the last push, and the files are included without it. */
  readonly isGone: boolean;
  readonly count: number;
  /** The first few of the files. */
  readonly examples: readonly string[];
}

export interface PushedEntries {
  readonly scan: Scan;
  readonly sent: readonly FolderEntry[];
  /** Paths that the user just asked to push. */
  readonly asked: ReadonlySet<string>;
}

/** Returns the lines that the user must accept before a push, secrets first. */
export function rulesChanges({ scan, sent, asked }: PushedEntries, accepted: AcceptedRules | undefined): RulesChange[] {
  const isChanged = accepted !== undefined && !isSame(accepted, scan.rules);
  if (!isChanged && !includesAnything(scan.rules)) return [];
  const changes = new Changes();
  const trees = new Trees(scan, accepted);
  for (const entry of sent) {
    const { path } = entry;
    if (asked.has(path)) continue;
    const line = trees.secretLine(entry);
    if (line && !accepted?.secretLines.has(spellLine(line))) changes.add(path, line, "secret", false);
    if (line || !isChanged || entry.kind === "directory") continue;
    if (trees.before.exclusion(path, false) === undefined) continue;
    const [including, excluding] = [trees.now.includingLine(path, false), trees.before.excludingLine(path, false)];
    const isGone = excluding !== undefined && !hasLine(scan.rules, excluding);
    const isAdded = including !== undefined && !hasLine(accepted, including);
    changes.add(
      path,
      (isGone && !isAdded ? excluding : (including ?? excluding)) ?? UNKNOWN_LINE,
      "ignored",
      isGone && !isAdded,
    );
  }
  return changes.all;
}

/** Returns the lines that include secrets among explicitly requested paths. */
export function secretLinesFor(scan: Scan, paths: Iterable<string>): string[] {
  const trees = new Trees(scan, undefined);
  const wanted = new Set(paths);
  return scan.entries.flatMap((entry) => {
    const line = wanted.has(entry.path) ? trees.secretLine(entry) : undefined;
    return line ? [spellLine(line)] : [];
  });
}

/** Formats a line for storage, independent of its position in the file. */
export const spellLine = ({ file, pattern }: RuleLine): string => `${file}\n${pattern}`;

/** Returns the same rules with those secret lines that are still in them. */
export function acceptedOf({ outerKey, files }: ScannedRules, secretLines: Iterable<string>): AcceptedRules {
  const isThere = (spelled: string): boolean => {
    const [file = "", pattern = ""] = spelled.split("\n");
    return hasLine({ outerKey, files }, { file, pattern });
  };
  return { outerKey, files, secretLines: new Set([...secretLines].filter(isThere)) };
}

export function isSame(accepted: ScannedRules, rules: ScannedRules): boolean {
  if (accepted.outerKey !== rules.outerKey || accepted.files.size !== rules.files.size) return false;
  return [...rules.files].every(([folder, { gitignore, modalignore }]) => {
    const before = accepted.files.get(folder);
    return before !== undefined && before.gitignore === gitignore && before.modalignore === modalignore;
  });
}

/** Only a `.modalignore` can include entries that are excluded by default. */
const includesAnything = ({ files }: ScannedRules): boolean =>
  [...files.values()].some(({ modalignore }) => modalignore?.includes("!") === true);

/** True if a rules file of the folder still has the line, at any position. */
function hasLine(rules: ScannedRules, { file, pattern }: Pick<RuleLine, "file" | "pattern">): boolean {
  const texts = rules.files.get(file.slice(0, Math.max(0, file.lastIndexOf("/"))));
  return linesOf(file.endsWith(MODALIGNORE) ? texts?.modalignore : texts?.gitignore).includes(pattern);
}

/** The current rules and those of the last push, compiled on first use. */
class Trees {
  readonly #scan: Scan;
  readonly #accepted: AcceptedRules | undefined;
  #now: RulesTree | undefined;
  #before: RulesTree | undefined;
  #environments: ReadonlySet<string> | undefined;

  constructor(scan: Scan, accepted: AcceptedRules | undefined) {
    this.#scan = scan;
    this.#accepted = accepted;
  }

  get now(): RulesTree {
    return (this.#now ??= this.#compile(this.#scan.rules));
  }

  get before(): RulesTree {
    return (this.#before ??= this.#compile(this.#accepted ?? this.#scan.rules));
  }

  /** Returns the line that includes an entry that may contain secrets. */
  secretLine({ path, kind }: FolderEntry): RuleLine | undefined {
    const name = path.slice(path.lastIndexOf("/") + 1);
    return builtinExclude(name) === "secret" ? this.now.lineByName(path, kind === "directory") : undefined;
  }

  #compile({ outerKey, files }: ScannedRules): RulesTree {
    this.#environments ??= environmentsIn(this.#scan.entries);
    return new RulesTree(rulesOfKey(outerKey), (folder) => files.get(folder) ?? NO_FILES, this.#environments);
  }
}

class Changes {
  readonly #found = new Map<string, RulesChange & { count: number; examples: string[] }>();

  get all(): RulesChange[] {
    return [...this.#found.values()].sort((a, b) => Number(a.kind === "ignored") - Number(b.kind === "ignored"));
  }

  add(path: string, line: RuleLine, kind: RulesChange["kind"], isGone: boolean): void {
    const key = `${kind} ${spellLine(line)}`;
    const change = this.#found.get(key) ?? { ...line, kind, isGone, count: 0, examples: [] };
    this.#found.set(key, change);
    change.count += 1;
    if (change.examples.length < MOST_EXAMPLES) change.examples.push(path);
  }
}

const MOST_EXAMPLES = 3;

const NO_FILES = { gitignore: undefined, modalignore: undefined };

/** Stands for an entry that is excluded by default and included by no single line. */
const UNKNOWN_LINE: RuleLine = { file: MODALIGNORE, line: 1, pattern: "!" };

const linesOf = (text: string | undefined): string[] => (text ?? "").replace(/^\uFEFF/, "").split(/\r?\n/);
