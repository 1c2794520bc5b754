/** The prefix of the folder that a pull fills inside the local folder before it moves anything into place. */
export const PULL_PREFIX = ".modal-pull-";

/**
 * Where a pull puts the sandbox's version of a file that was changed here too: `result.csv.sandbox-copy`, then
 * `result.csv.sandbox-copy-2` and so on. A name too long for that loses its end.
 */
export function copyName(path: string, count: number): string {
  const ending = count === 1 ? COPY_ENDING : `${COPY_ENDING}-${count}`;
  const folder = path.slice(0, path.lastIndexOf("/") + 1);
  let name = path.slice(folder.length);
  while (Buffer.byteLength(name + ending) > MAX_NAME_BYTES) name = Array.from(name).slice(0, -1).join("");
  return folder + name + ending;
}

/**
 * Where a pull puts a file that tools must not find under its name: `.envrc.sandbox-copy`, or `pre-commit` in
 * `.husky.sandbox-copy`, then with numbers as of `copyName`.
 * @param protectedAt which steps of the path are protected, counted from 0
 */
export function protectedCopyName(path: string, protectedAt: readonly number[], count: number): string {
  const steps = path.split("/");
  const last = steps.length - 1;
  const named = steps.map((step, index) =>
    protectedAt.includes(index) ? copyName(step, index === last ? count : 1) : step,
  );
  const copy = named.join("/");
  return count === 1 || protectedAt.includes(last) ? copy : copyName(copy, count);
}

/** Names of a pull's own making, which no push sends. */
export const isPullsOwn = (name: string): boolean =>
  name.startsWith(PULL_PREFIX) || /\.sandbox-copy(-\d+)?$/.test(name);

const COPY_ENDING = ".sandbox-copy";
const MAX_NAME_BYTES = 255;
