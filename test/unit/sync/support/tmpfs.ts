import { spawnSync } from "node:child_process";
import type { Context } from "mocha";

import { skipForRoot } from "../../../support/skip";

/** Mounts a file system in memory and returns what unmounts it; skips the test where this user may not. */
export function mountTmpfs(context: Context, options: string, folder: string): () => void {
  if (spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", folder]).status !== 0)
    skipForRoot(context, "mounting a file system");
  return () => spawnSync("umount", [folder]);
}
