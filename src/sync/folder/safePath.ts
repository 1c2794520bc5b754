import { foldName } from "./foldName";

/** How the file system of the local folder interprets names. */
export interface NameRules {
  /** Windows' rules apply: reserved names and characters. */
  readonly isWindows: boolean;
  /** `A` and `a` are the same file. */
  readonly foldsCase: boolean;
}

/** Spells the path of an archive's entry as the folder's scan would: `./a/b/` is `a/b`. */
export const plainPath = (name: string): string => name.replace(/^(\.\/+)+/, "").replace(/(.)\/+$/, "$1");

/**
 * Returns the reason why nothing may be written under a path that a sandbox named; `undefined` if it is allowed. The
 * reason is a phrase that follows the path. Looks only at the path itself: the writer checks what is on the disk.
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
 * Returns the reason why a link must not be created; `undefined` if its target stays inside the folder. A `..` after a
 * name is refused even if it might stay inside: the name could be a link itself.
 * @param path of the link, as `plainPath` returns it
 */
export function refuseTarget(path: string, target: string): string | undefined {
  if (target === "" || target.includes("\0")) return "is a link without a target";
  if (/^([\\/]|[a-z]:)/i.test(target)) return "is a link to an absolute path";
  const steps = target.split(/[\\/]/).filter((step) => step !== "" && step !== ".");
  const ups = steps.findIndex((step) => step !== "..");
  const climbs = ups < 0 ? steps.length : ups;
  if (climbs > path.split("/").length - 1) return "is a link out of the folder";
  if (steps.some(isRefused)) return "is a link to a file or folder of git or VS Code";
  return steps.slice(climbs).includes("..") ? "is a link that contains .. after a name" : undefined;
}

function refuseName(name: string): string | undefined {
  if (name === "..") return "leads out of the folder";
  if (name === "" || name === ".") return "isn't a plain path";
  return isRefused(name) ? "belongs to git or VS Code, and no sandbox may change that" : undefined;
}

/** Also recognizes the short names that Windows assigns. */
function isRefused(name: string): boolean {
  if (!MAY_BE_REFUSED.test(name)) return false;
  const folded = foldName(name);
  return folded === ".git" || folded === ".vscode" || /^(git|vscode)~\d+$/.test(folded);
}

/** Skips the closer check for nearly all names. */
const MAY_BE_REFUSED = /^\.|~|[^ -~]/;

function refuseOnWindows(name: string): string | undefined {
  if (SHORT_NAME.test(name)) return "may be the short name of another file";
  if (/[<>:"|?*\\]/.test(name)) return "has a character that Windows does not allow";
  if (/[. ]$/.test(name)) return "ends in a dot or a space, which Windows does not allow";
  return /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\.|$)/i.test(name)
    ? "has a name that Windows reserves"
    : undefined;
}

/** A short name such as `ESLINT~1.JS`, which Windows resolves to a file with a longer name. */
const SHORT_NAME = /^(?=.{1,8}(\.|$))[^.]*~\d+(\.[^.]{0,3})?$/;
