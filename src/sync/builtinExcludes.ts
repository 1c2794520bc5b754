import { RESULTS_MARKER } from "./outputFolder";
import { isPullsOwn } from "./pullNames";

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
  if (SECRETS.has(name) || isDotEnv(name) || isKeyFile(name)) return "secret";
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

const SECRETS: ReadonlySet<string> = new Set([
  ".modal.toml",
  ".netrc",
  ".pypirc",
  ".git-credentials",
  ".ssh",
  ".gnupg",
  ".aws",
  ".azure",
  ".kube",
  ".boto",
  ".s3cfg",
  ".dockercfg",
  "access_tokens.db",
  "credentials.db",
  "application_default_credentials.json",
  "kaggle.json",
  "id_rsa",
  "id_dsa",
  "id_ecdsa",
  "id_ecdsa_sk",
  "id_ed25519",
  "id_ed25519_sk",
]);

/** `.env` and its variants, but not the examples that projects publish. */
const isDotEnv = (name: string): boolean => name.startsWith(".env") && !/\.(example|sample|template|dist)$/.test(name);

const isKeyFile = (name: string): boolean =>
  /\.(pem|key|ppk|p12|pfx|jks|keystore)$/i.test(name) || /^client_secret.*\.json$/.test(name);
