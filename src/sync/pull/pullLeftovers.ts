import { createHash } from "node:crypto";
import { lstatSync, readdirSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";

import { exists } from "../../base/processIdentity";
import { PULL_PREFIX } from "../folder/pullNames";

/** Returns the prefix of this process's staging folder; other machines that share the folder can tell whose it is. */
export const stagingPrefix = (): string => `${PULL_PREFIX}${hostTag()}-${process.pid}-`;

/**
 * Removes staging folders that closed windows left in a folder. Ignores those that cannot be removed. Synchronous (see
 * `scan`).
 */
export function removeLeftovers(root: string): void {
  for (const name of readdirSync(root)) {
    if (!name.startsWith(PULL_PREFIX) || !isLeftover(root, name)) continue;
    try {
      rmSync(join(root, name), { recursive: true, force: true });
    } catch {
      continue;
    }
  }
}

function isLeftover(root: string, name: string): boolean {
  const [, host, pid] = OWNED.exec(name) ?? [];
  if (host === hostTag()) return !exists(Number(pid));
  // Another machine that shares the folder may be using it, but not for this long without a change.
  const stats = lstatSync(join(root, name), { throwIfNoEntry: false });
  return stats !== undefined && stats.mtimeMs < Date.now() - MAX_AGE_MS;
}

const hostTag = (): string => createHash("sha256").update(hostname()).digest("hex").slice(0, 8);

const OWNED = new RegExp(`^${PULL_PREFIX.replaceAll(".", "\\.")}([\\da-f]{8})-(\\d+)-\\w+$`);

const MAX_AGE_MS = 7 * 24 * 60 * 60 * 1000;
