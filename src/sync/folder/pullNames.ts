/** The prefix of the folder that a pull fills inside the local folder before it moves anything into place. */
export const PULL_PREFIX = ".modal-pull-";

/**
 * Where a pull puts the sandbox's version of a file that was changed here too: `result (sandbox copy).csv`, then
 * `result (sandbox copy 2).csv` and so on. A name too long for that loses the end of its stem.
 * @param from names the run: `result (sandbox copy from L4).csv`
 */
export function copyName(path: string, count: number, from?: string): string {
  const folder = path.slice(0, path.lastIndexOf("/") + 1);
  const name = path.slice(folder.length);
  const extension = EXTENSION.exec(name)?.[1] ?? "";
  const mark = ` (sandbox copy${count === 1 ? "" : ` ${count}`}${from === undefined ? "" : ` from ${from}`})`;
  let stem = name.slice(0, name.length - extension.length);
  while (Buffer.byteLength(stem + mark + extension) > MAX_NAME_BYTES) stem = Array.from(stem).slice(0, -1).join("");
  return folder + stem + mark + extension;
}

/**
 * Where a pull puts a file that tools must not find under its name: `.envrc.sandbox-copy`, or `pre-commit` in
 * `.husky.sandbox-copy`, then with `-2` and so on behind it.
 * @param protectedAt which steps of the path are protected, counted from 0
 */
export function protectedCopyName(path: string, protectedAt: readonly number[], count: number): string {
  const steps = path.split("/");
  const last = steps.length - 1;
  const named = steps.map((step, index) =>
    protectedAt.includes(index) ? withoutExtension(step, index === last ? count : 1) : step,
  );
  const copy = named.join("/");
  return count === 1 || protectedAt.includes(last) ? copy : withoutExtension(copy, count);
}

/** A copy that no tool takes for what the extension says. */
function withoutExtension(path: string, count: number): string {
  const ending = count === 1 ? PROTECTED_ENDING : `${PROTECTED_ENDING}-${count}`;
  const folder = path.slice(0, path.lastIndexOf("/") + 1);
  let name = path.slice(folder.length);
  while (Buffer.byteLength(name + ending) > MAX_NAME_BYTES) name = Array.from(name).slice(0, -1).join("");
  return folder + name + ending;
}

/** Names of a pull's own making, which no push sends. */
export const isPullsOwn = (name: string): boolean =>
  name.startsWith(PULL_PREFIX) || COPY.test(name) || /\.sandbox-copy(-\d+)?$/.test(name);

/** What is at most 16 letters and digits behind the last dot of a name that does not begin there. */
const EXTENSION = /[^.].*?(\.\w{1,16})$/s;
const COPY = / \(sandbox copy(?: \d+)?(?: from [^()/]+)?\)(?:\.\w{1,16})?$/;
const PROTECTED_ENDING = ".sandbox-copy";
const MAX_NAME_BYTES = 255;

/** Folders whose content no pull takes; not even to be listed, as they hold more files than all others. */
export const NEVER_LISTED = [".git", ".hg", ".svn", "node_modules", ".venv", ".tox", ".nox", "__pycache__", ".cache"];
