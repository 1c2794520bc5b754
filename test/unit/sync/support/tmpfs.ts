import { spawnSync } from "node:child_process";
import type { Context } from "mocha";

import { skipForRoot } from "../../../support/skip";

/**
 * Mounts a file system in memory and returns a function that unmounts it; skips the test if this user must not mount.
 */
export function mountTmpfs(context: Context, options: string, folder: string): () => void {
  if (spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", folder]).status !== 0)
    skipForRoot(context, "mounting a file system");
  return () => spawnSync("umount", [folder]);
}
