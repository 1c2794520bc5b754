import { isSecretName } from "../../base/secretNames";
import { RESULTS_MARKER } from "./outputFolder";
import { isPullsOwn } from "../folder/pullNames";

/** The reason why an entry is never pushed, whatever the folder's own rules say. */
export type BuiltinExclude = "clutter" | "copy" | "secret";

/** The prefix of the folder that a push fills inside the target before it moves files into place. */
export const STAGING_PREFIX = ".modal-push-";

/** The prefix of a file with part of another file, which a run creates next to that file. */
export const SELECTION_PREFIX = ".modal-selection-";

/** The file in the target that identifies the push that last filled it: `Baseline.generation`. */
export const SYNC_MARKER = ".modal-sync";

/** Looks only at the name, at any depth. `folderExclude` recognizes folders by their content. */
export function builtinExclude(name: string): BuiltinExclude | undefined {
  if (CLUTTER.has(name) || name === SYNC_MARKER || name === RESULTS_MARKER || /\.py[co]$/.test(name)) return "clutter";
  if (name.startsWith(STAGING_PREFIX) || name.startsWith(SELECTION_PREFIX)) return "clutter";
  if (isPullsOwn(name)) return "copy";
  if (isSecretName(name)) return "secret";
  return undefined;
}

/** Returns the reason why a folder that contains these names is excluded, whatever it is called. */
export function folderExclude(names: ReadonlySet<string>): FolderExclude | undefined {
  if (names.has(RESULTS_MARKER)) return "results";
  return isEnvironment(names) ? "environment" : undefined;
}

/** Python and conda environments, and the outputs of runs that were started together. */
export type FolderExclude = "environment" | "results";

export const isEnvironment = (names: ReadonlySet<string>): boolean =>
  names.has("pyvenv.cfg") || (names.has("conda-meta") && names.has("bin"));

const CLUTTER: ReadonlySet<string> = new Set([
  ".git",
  ".hg",
  ".svn",
  "node_modules",
  ".venv",
  ".tox",
  ".nox",
  "__pycache__",
  "__pypackages__",
  ".cache",
  ".pytest_cache",
  ".mypy_cache",
  ".ruff_cache",
  ".hypothesis",
  ".ipynb_checkpoints",
  ".DS_Store",
  "Thumbs.db",
]);
