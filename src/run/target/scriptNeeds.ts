import { createHash } from "node:crypto";
import { parse } from "smol-toml";
import { isWords } from "../../base/guards";
import { messageOf, UserError } from "../../base/errors";
import { STATE_FOLDER } from "../../base/stateFolder";
import type { Launcher } from "./launchers";

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
  return { ...launcher, argv: ["sh", "-c", RUN, "sh", `${STATE_FOLDER}/python-${key}`, python, needs] };
}

/** Takes the environment's folder, the Pythons that will do, the packages, and the script with its arguments. */
const RUN = `place=$1 python=$2 needs=$3
shift 3
if command -v uv >/dev/null 2>&1; then exec uv run --script "$@"; fi
command -v python3 >/dev/null 2>&1 || exit 127
fail() {
  echo "$1" >&2
  exit 1
}
make() {
  python3 -m pip --version >/dev/null 2>&1 || fail 'The script asks for packages or a version of Python, and the image has neither uv nor pip. Choose an image with one of them: the setting "modalSandboxes.image".'
  python3 -c 'import sys
from pip._vendor.packaging.specifiers import SpecifierSet
sys.exit(not SpecifierSet(sys.argv[1]).contains("%d.%d.%d" % sys.version_info[:3], prereleases=True))' "$python" ||
    fail "The script asks for Python $python, and the image has $(python3 --version). Choose another image, or one with uv, which gets it."
  rm -rf "$place" && python3 -m venv --without-pip "$place" || exit
  # Whatever the image has, and its pip, is seen from the environment.
  python3 -c 'import sys
print("\\n".join(path for path in sys.path if path.endswith("-packages")))' >"$(echo "$place"/lib/python*/site-packages)/image.pth"
  echo "$needs" >"$place/needs.txt"
  "$place/bin/python" -m pip install --disable-pip-version-check --quiet -r "$place/needs.txt" >&2 ||
    fail 'The packages that the script asks for could not be installed; the lines above say why.'
  : >"$place/ready"
}
if [ ! -e "$place/ready" ]; then
  mkdir -p "\${place%/*}"
  (
    command -v flock >/dev/null 2>&1 && flock 9
    [ -e "$place/ready" ] || make
  ) 9>"$place.lock" || exit
fi
exec "$place/bin/python" "$@"`;

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
