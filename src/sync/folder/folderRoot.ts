import { accessSync, constants, realpathSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { relative, sep } from "node:path";

import { codeOf } from "../../base/errors";

/** Why a folder cannot be pushed at all. */
export type RootProblem = "missing" | "notAFolder" | "unreadable" | "tooWide";

/** The folder behind `root`, links resolved, or why it is not to be pushed. */
export function resolveRoot(root: string): { readonly path: string } | { readonly problem: RootProblem } {
  try {
    const path = realpathSync(root);
    if (!statSync(path).isDirectory()) return { problem: "notAFolder" };
    accessSync(path, constants.R_OK | constants.X_OK);
    return holdsHome(path) ? { problem: "tooWide" } : { path };
  } catch (error) {
    return { problem: codeOf(error) === "ENOENT" ? "missing" : "unreadable" };
  }
}

/** True of the home folder and of everything above it; a drive's root counts even where the home is on another. */
function holdsHome(path: string): boolean {
  const toHome = relative(path, realpathSync(homedir()));
  const isAbove = toHome !== ".." && !toHome.startsWith(`..${sep}`) && !/^[a-z]:/i.test(toHome);
  return isAbove || /^([a-z]:)?[\\/]$/i.test(path);
}
