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

/** Names of a pull's own making, which no push sends. */
export const isPullsOwn = (name: string): boolean =>
  name.startsWith(PULL_PREFIX) || /\.sandbox-copy(-\d+)?$/.test(name);

const COPY_ENDING = ".sandbox-copy";
const MAX_NAME_BYTES = 255;
