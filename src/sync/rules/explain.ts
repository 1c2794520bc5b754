import { lstatSync, readdirSync, realpathSync, type Stats } from "node:fs";
import { isAbsolute, join, posix, relative, sep } from "node:path";

import { folderExclude, type FolderExclude } from "./builtinExcludes";
import type { RuleLine } from "./ignoreRules";
import { readRules, rulesAbove } from "./rulesAbove";
import { GITIGNORE, MODALIGNORE, SyncRules, type Exclusion } from "./syncRules";

/** Shows if a path of a folder is synced, and why. */
export interface Explanation {
  /** The entry that the decision applies to: the path itself, or an excluded folder that contains it. */
  readonly path: string;
  readonly isSynced: boolean;
  /** The reason if it isn't synced. */
  readonly reason: Exclusion | FolderExclude | "missing" | "special" | "outside" | undefined;
  /** The line that excludes it, or that explicitly includes it. */
  readonly line: RuleLine | undefined;
}

/**
 * Follows the path down from the folder, as a scan does.
 * @param root with links resolved
 * @param path relative to it, with `/`
 */
export function explain(root: string, path: string): Explanation {
  let rules = new SyncRules(rulesAbove(root).rules);
  let folder = "";
  let line: RuleLine | undefined;
  for (const name of path.split("/")) {
    const absolute = join(root, folder);
    const texts = { gitignore: readRules(absolute, GITIGNORE), modalignore: readRules(absolute, MODALIGNORE) };
    rules = rules.within(folder, texts);
    const current = folder === "" ? name : `${folder}/${name}`;
    const stats = lstatSync(join(root, current), { throwIfNoEntry: false });
    const isDirectory = stats?.isDirectory() ?? false;

    const exclusion = rules.exclusion(current, name, isDirectory);
    line = rules.decidingLine(current, isDirectory);
    const reason = exclusion ?? problemOf(stats, join(root, current), rules.includesByName(current, isDirectory));
    if (reason !== undefined)
      return { path: current, isSynced: false, reason, line: reason === "rule" ? line : undefined };
    if (stats?.isSymbolicLink() && current !== path) return explainBehind(root, current, path);
    folder = current;
  }
  return { path, isSynced: true, reason: undefined, line };
}

/** The target of a link is synced only if it is in the folder itself. */
function explainBehind(root: string, link: string, path: string): Explanation {
  const real = realpathOf(join(root, link));
  if (real === undefined) return { path: link, isSynced: false, reason: "missing", line: undefined };
  const target = relative(root, real).replaceAll(sep, "/");
  if (target === ".." || target.startsWith("../") || isAbsolute(target))
    return { path: link, isSynced: false, reason: "outside", line: undefined };
  return explain(root, posix.join(target, path.slice(link.length + 1)));
}

function realpathOf(link: string): string | undefined {
  try {
    return realpathSync(link);
  } catch {
    return undefined;
  }
}

function problemOf(stats: Stats | undefined, absolute: string, isAskedFor: boolean): Explanation["reason"] {
  if (!stats) return "missing";
  if (stats.isDirectory()) return isAskedFor ? undefined : folderExclude(new Set(readdirSync(absolute)));
  return stats.isFile() || stats.isSymbolicLink() ? undefined : "special";
}

/** Returns a sentence for the user. */
export function explanationText({ path, isSynced, reason, line }: Explanation, asked: string): string {
  const rule = line && `${line.file}, line ${line.line}: ${line.pattern}`;
  if (isSynced)
    return rule ? `${asked} is synced. It is included by ${rule}` : `${asked} is synced. No rule excludes it.`;
  const subject = path === asked ? `${asked} is not synced` : `${asked} is not synced, because ${path} is not`;
  return `${subject}. ${REASONS[reason ?? "missing"](rule ?? "", path)}`;
}

const REASONS: Record<NonNullable<Explanation["reason"]>, (rule: string, path: string) => string> = {
  rule: (rule) => `It is excluded by ${rule}`,
  clutter: (_, path) =>
    `Repositories, dependencies and caches are not synced. To sync it, add !${path} to ${MODALIGNORE}.`,
  copy: (_, path) => `It is a copy of the sandbox's version. To sync it, add !${path} to ${MODALIGNORE}.`,
  secret: (_, path) => `It may hold secrets. To sync it, add !${path} to ${MODALIGNORE}.`,
  environment: (_, path) => `It is a virtual environment. To sync it, add !${path} to ${MODALIGNORE}.`,
  results: (_, path) => `It contains outputs of earlier runs. To sync it, add !${path} to ${MODALIGNORE}.`,
  missing: () => "The file does not exist.",
  outside: () => "It is a link to a place outside the folder. The link is synced, but its target is not.",
  special: () => "It isn't a file, a folder or a link.",
};
