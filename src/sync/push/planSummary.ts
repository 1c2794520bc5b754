import { createHash } from "node:crypto";

import type { FolderSize } from "./pushRequest";
import type { Plan } from "./reconcile";

/** Returns a digest that is equal for plans with the same archive. */
export function digestOf(plan: Plan): string {
  const hash = createHash("sha1");
  for (const { entry, known } of plan.send) hash.update(`${entry.path}\0${known ? JSON.stringify(known) : ""}\0`);
  for (const entry of plan.delete) hash.update(JSON.stringify(entry));
  return hash.digest("hex");
}

/** Returns the top-level names that contain the most bytes. */
export function biggestOf(plan: Plan): FolderSize[] {
  const sizes = new Map<string, { path: string; files: number; bytes: number }>();
  for (const { entry } of plan.send) {
    if (entry.kind !== "file") continue;
    const path = entry.path.split("/", 1)[0] ?? "";
    const size = sizes.get(path) ?? { path, files: 0, bytes: 0 };
    size.files += 1;
    size.bytes += entry.size;
    sizes.set(path, size);
  }
  return [...sizes.values()].sort((a, b) => b.bytes - a.bytes).slice(0, 5);
}
