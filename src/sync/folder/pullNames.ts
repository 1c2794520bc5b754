/** The prefix of the folder that a pull fills inside the local folder before it moves files into place. */
export const PULL_PREFIX = ".modal-pull-";

/**
 * Returns the name for the sandbox's version of a file that also changed here: `result (sandbox copy).csv`, then
 * `result (sandbox copy 2).csv` and so on. If the name is too long, the end of its stem is cut.
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
 * Returns the name for a file that tools must not find under its own name: `.envrc.sandbox-copy`, or `pre-commit` in
 * `.husky.sandbox-copy`, then with `-2` and so on appended.
 * @param protectedAt the indexes of the protected steps of the path
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

/** A copy without a file extension, so that no tool recognizes it. */
function withoutExtension(path: string, count: number): string {
  const ending = count === 1 ? PROTECTED_ENDING : `${PROTECTED_ENDING}-${count}`;
  const folder = path.slice(0, path.lastIndexOf("/") + 1);
  let name = path.slice(folder.length);
  while (Buffer.byteLength(name + ending) > MAX_NAME_BYTES) name = Array.from(name).slice(0, -1).join("");
  return folder + name + ending;
}

/** True for names that a pull made, which no push includes. */
export const isPullsOwn = (name: string): boolean =>
  name.startsWith(PULL_PREFIX) || COPY.test(name) || /\.sandbox-copy(-\d+)?$/.test(name);

/** The last dot with at most 16 letters and digits after it, unless the name begins with that dot. */
const EXTENSION = /[^.].*?(\.\w{1,16})$/s;
const COPY = / \(sandbox copy(?: \d+)?(?: from [^()/]+)?\)(?:\.\w{1,16})?$/;
const PROTECTED_ENDING = ".sandbox-copy";
const MAX_NAME_BYTES = 255;

/**
 * Folders whose content no pull includes. They are not even listed, because they hold more files than all the others.
 */
export const NEVER_LISTED = [".git", ".hg", ".svn", "node_modules", ".venv", ".tox", ".nox", "__pycache__", ".cache"];
