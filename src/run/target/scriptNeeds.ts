import { createHash } from "node:crypto";
import { parse } from "smol-toml";
import { isWords } from "../../base/guards";
import { messageOf, UserError } from "../../base/errors";
import { STATE_FOLDER } from "../../base/stateFolder";
import type { Launcher } from "./launchers";
import PACKAGE_FOLDERS from "./remote/packageFolders.py";
import SATISFIES from "./remote/satisfies.py";
import WITH_NEEDS from "./remote/withNeeds.sh";

/** What a Python script says in its comments that it needs (PEP 723). */
export interface ScriptNeeds {
  readonly dependencies: readonly string[];
  /** Which Pythons will do: `>=3.11`; any if empty. */
  readonly python: string;
  /** The comments themselves. */
  readonly block: string;
}

const START = /^# \/\/\/ script$/m;
const BLOCK = /^# \/\/\/ script\n((?:#(?: .*)?\n)+?)# \/\/\/$/gm;

/** Reads a `# /// script` block; nothing where there is none. Throws a sentence where it makes no sense. */
export function scriptNeeds(text: string): ScriptNeeds | undefined {
  const lines = text.replaceAll("\r\n", "\n");
  if (!START.test(lines)) return undefined;
  const [match, ...more] = [...lines.matchAll(BLOCK)];
  if (!match) throw malformed('it does not end with a line "# ///"');
  if (more.length > 0) throw malformed("there is more than one");
  const [block, comments = ""] = match;
  const { dependencies = [], "requires-python": python = "" } = read(comments.replaceAll(/^# ?/gm, ""));
  if (!isWords(dependencies)) throw malformed('"dependencies" is no list of texts');
  if (typeof python !== "string") throw malformed('"requires-python" is no text');
  return { dependencies, python, block };
}

/** Runs a script with what it needs: by uv, else by a virtual environment that is kept, upon the image's own packages. */
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
  new UserError(`The "# /// script" block cannot be read: ${reason}. Fix it, or remove it.`, { cause });
