import { posix } from "node:path";

import type { Explanation } from "./explain";
import { MODALIGNORE } from "./syncRules";

/** Lines to add to a rules file. */
export interface Inclusion {
  /** Relative to the synced folder. */
  readonly file: string;
  readonly lines: readonly string[];
}

/**
 * Returns lines that override the rule excluding a path. If the rule excludes a folder around the path, they include
 * only what leads to the path. Another rule may still exclude it further down, so call `explain` again.
 * @param asked the file that should be synced
 */
export function inclusionOf({ path, line }: Explanation, asked: string): Inclusion {
  // A deeper rules file takes precedence.
  const file = line && posix.basename(line.file) === MODALIGNORE ? line.file : MODALIGNORE;
  const pattern = `/${escaped(posix.relative(posix.dirname(file), path))}`;
  return { file, lines: path === asked ? [`!${pattern}`] : [`!${pattern}/`, `${pattern}/*`] };
}

const escaped = (path: string): string => path.replaceAll(/[\\*?[\] ]/g, "\\$&");
