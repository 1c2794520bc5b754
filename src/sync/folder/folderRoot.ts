import { accessSync, constants, realpathSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { relative, sep } from "node:path";

import { codeOf } from "../../base/errors";

/** The reason why a folder cannot be pushed. */
export type RootProblem = "missing" | "notAFolder" | "unreadable" | "tooWide";

/** Resolves the links of `root`, or returns the reason why it must not be pushed. */
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

/**
 * True for the home folder and every folder above it; a drive's root counts even if the home folder is on another
 * drive.
 */
function holdsHome(path: string): boolean {
  const toHome = relative(path, realpathSync(homedir()));
  const isAbove = toHome !== ".." && !toHome.startsWith(`..${sep}`) && !/^[a-z]:/i.test(toHome);
  return isAbove || /^([a-z]:)?[\\/]$/i.test(path);
}
