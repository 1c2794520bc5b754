import { foldName } from "./foldName";

/** What the file system under the local folder makes of names. */
export interface NameRules {
  /** Windows' rules: reserved names and characters. */
  readonly isWindows: boolean;
  /** `A` and `a` are the same file. */
  readonly foldsCase: boolean;
}

/** The path of an archive's entry as the folder's own scan would spell it: `./a/b/` is `a/b`. */
export const plainPath = (name: string): string => name.replace(/^(\.\/+)+/, "").replace(/(.)\/+$/, "$1");

/**
 * Why nothing may be written under a path that a sandbox named; `undefined` if it may. Half a sentence, to stand after
 * the path. Judges the words alone: what lies on the disk along the path is for the writer to check.
 * @param path as `plainPath` returns it
 */
export function refusePath(path: string, { isWindows }: NameRules): string | undefined {
  if (path === "" || path === ".") return "has no name";
  if (/[\u0000-\u001F\u007F-\u009F]/.test(path)) return "has a control character in its name";
  if (path.includes("\uFFFD")) return "has a name that is not UTF-8";
  if (path.startsWith("/") || (isWindows && /^[a-z]:/i.test(path))) return "is an absolute path";
  for (const name of path.split("/")) {
    const reason = refuseName(name) ?? (isWindows ? refuseOnWindows(name) : undefined);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

/**
 * Why a link may not be made; `undefined` if its words stay inside the folder. A `..` behind a name is refused although
 * it may stay inside: where the name is a link itself, it does not.
 * @param path of the link, as `plainPath` returns it
 */
export function refuseTarget(path: string, target: string): string | undefined {
  if (target === "" || target.includes("\0")) return "is a link to nowhere";
  if (/^([\\/]|[a-z]:)/i.test(target)) return "is a link to an absolute path";
  const steps = target.split(/[\\/]/).filter((step) => step !== "" && step !== ".");
  const ups = steps.findIndex((step) => step !== "..");
  const climbs = ups < 0 ? steps.length : ups;
  if (climbs > path.split("/").length - 1) return "is a link out of the folder";
  if (steps.some(isRefused)) return "is a link to what belongs to git or VS Code";
  return steps.slice(climbs).includes("..") ? "is a link by a detour" : undefined;
}

function refuseName(name: string): string | undefined {
  if (name === "..") return "leads out of the folder";
  if (name === "" || name === ".") return "is not a plain path";
  return isRefused(name) ? "belongs to git or VS Code, which no sandbox may change" : undefined;
}

/** Also by the short names that Windows gives them. */
function isRefused(name: string): boolean {
  if (!MAY_BE_REFUSED.test(name)) return false;
  const folded = foldName(name);
  return folded === ".git" || folded === ".vscode" || /^(git|vscode)~\d+$/.test(folded);
}

/** Spares nearly all names the closer look. */
const MAY_BE_REFUSED = /^\.|~|[^ -~]/;

function refuseOnWindows(name: string): string | undefined {
  if (SHORT_NAME.test(name)) return "may be the short name of another file";
  if (/[<>:"|?*\\]/.test(name)) return "has a character that Windows does not allow";
  if (/[. ]$/.test(name)) return "ends in a dot or a space, which Windows does not allow";
  return /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\.|$)/i.test(name)
    ? "has a name that Windows keeps for itself"
    : undefined;
}

/** Such as `ESLINT~1.JS`, under which Windows finds a file with a longer name. */
const SHORT_NAME = /^(?=.{1,8}(\.|$))[^.]*~\d+(\.[^.]{0,3})?$/;
