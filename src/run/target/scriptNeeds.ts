import { createHash } from "node:crypto";
import { parse } from "smol-toml";
import { isWords } from "../../base/guards";
import { messageOf, UserError } from "../../base/errors";
import { STATE_FOLDER } from "../../base/stateFolder";
import type { Launcher } from "./launchers";
import PACKAGE_FOLDERS from "./remote/packageFolders.py";
import SATISFIES from "./remote/satisfies.py";
import WITH_NEEDS from "./remote/withNeeds.sh";

/** The requirements that a Python script declares in its comments (PEP 723). */
export interface ScriptNeeds {
  readonly dependencies: readonly string[];
  /** The accepted Python versions: `>=3.11`. Empty if any version is accepted. */
  readonly python: string;
  /** The comments themselves. */
  readonly block: string;
}

const START = /^# \/\/\/ script$/m;
const BLOCK = /^# \/\/\/ script\n((?:#(?: .*)?\n)+?)# \/\/\/$/gm;

/** Reads a `# /// script` block. Returns `undefined` if there is none. Throws a `UserError` if it is invalid. */
export function scriptNeeds(text: string): ScriptNeeds | undefined {
  const lines = text.replaceAll("\r\n", "\n");
  if (!START.test(lines)) return undefined;
  const [match, ...more] = [...lines.matchAll(BLOCK)];
  if (!match) throw malformed('it does not end with a line "# ///"');
  if (more.length > 0) throw malformed("there is more than one block");
  const [block, comments = ""] = match;
  const { dependencies = [], "requires-python": python = "" } = read(comments.replaceAll(/^# ?/gm, ""));
  if (!isWords(dependencies)) throw malformed('"dependencies" must be a list of strings');
  if (typeof python !== "string") throw malformed('"requires-python" must be a string');
  return { dependencies, python, block };
}

/**
 * Runs a script with its requirements: with uv, or else in a virtual environment that is kept and that also sees the
 * image's own packages.
 */
export function launcherWith(launcher: Launcher, { dependencies, python }: ScriptNeeds): Launcher {
  const needs = dependencies.join("\n");
  const key = createHash("sha256").update(`${python}\n${needs}`).digest("hex").slice(0, 16);
  const place = `${STATE_FOLDER}/python-${key}`;
  return { ...launcher, argv: ["sh", "-c", WITH_NEEDS, "sh", place, python, needs, SATISFIES, PACKAGE_FOLDERS] };
}

function read(toml: string): Record<string, unknown> {
  try {
    return parse(toml);
  } catch (cause) {
    const [first = ""] = messageOf(cause).split("\n");
    throw malformed(first.replace(/^Invalid TOML document: /, ""), cause);
  }
}

const malformed = (reason: string, cause?: unknown) =>
  new UserError(`The "# /// script" block is invalid: ${reason}. Fix it or remove it.`, { cause });
