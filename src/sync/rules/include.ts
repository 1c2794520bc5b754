import { posix } from "node:path";

import type { Explanation } from "./explain";
import { MODALIGNORE } from "./syncRules";

/** Lines for a rules file. */
export interface Inclusion {
  /** Relative to the folder that is synced. */
  readonly file: string;
  readonly lines: readonly string[];
}

/**
 * What lets in the one thing that keeps a path out: of a folder around it only what leads to the path. Something else
 * may keep it out further down, so ask for an explanation again.
 * @param asked the path that shall be synced, which is a file
 */
export function inclusionOf({ path, line }: Explanation, asked: string): Inclusion {
  // A deeper rules file has the last word.
  const file = line && posix.basename(line.file) === MODALIGNORE ? line.file : MODALIGNORE;
  const pattern = `/${escaped(posix.relative(posix.dirname(file), path))}`;
  return { file, lines: path === asked ? [`!${pattern}`] : [`!${pattern}/`, `${pattern}/*`] };
}

const escaped = (path: string): string => path.replaceAll(/[\\*?[\] ]/g, "\\$&");
