import { spawnSync } from "node:child_process";
import type { Context } from "mocha";

import { skip } from "../../../support/skip";

export function needGit(context: Context): void {
  if (spawnSync("git", ["--version"]).status !== 0) skip(context, "needs git");
}
