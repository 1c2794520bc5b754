import { isSecretName } from "../../base/secretNames";
import { RESULTS_MARKER } from "./outputFolder";
import { isPullsOwn } from "../folder/pullNames";

/** Why an entry stays out of every push, whatever the folder's own rules say. */
export type BuiltinExclude = "clutter" | "secret";

/** The prefix of the folder that a push fills inside the target before it moves anything into place. */
export const STAGING_PREFIX = ".modal-push-";

/** The prefix of a file with a part of another one, which a run puts beside that. */
export const SELECTION_PREFIX = ".modal-selection-";

/** The file in the target that says which push filled it last: `Baseline.generation`. */
export const SYNC_MARKER = ".modal-sync";

/** By name alone, at any depth. Some folders are also known by what they hold: `folderExclude`. */
export function builtinExclude(name: string): BuiltinExclude | undefined {
  if (CLUTTER.has(name) || name === SYNC_MARKER || name === RESULTS_MARKER || /\.py[co]$/.test(name)) return "clutter";
  if (name.startsWith(STAGING_PREFIX) || name.startsWith(SELECTION_PREFIX)) return "clutter";
  if (isPullsOwn(name)) return "clutter";
  if (isSecretName(name)) return "secret";
  return undefined;
}

/** Why a folder with these names in it stays out as a whole, whatever it is called. */
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
