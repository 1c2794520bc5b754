import { quote } from "../../base/quote";
import { STAGING_PREFIX, SYNC_MARKER } from "../rules/builtinExcludes";
import type { RemoteStat } from "../push/reconcile";
import { secondsOf } from "../remote/remoteListing";
import INVENTORY from "../remote/inventory.sh";

/** A sandbox's answer to the question which of the listed files it has. */
export interface Inventory {
  readonly generation: string;
  readonly stats: ReadonlyMap<string, RemoteStat>;
  /** The latest ctime of all listed files, in seconds. */
  readonly latestChange: number | undefined;
}

/** Reads the output of `inventoryScript`; `parseInventory` reads its output. */
export const inventoryCommand = (remotePath: string): string[] => [
  ...["sh", "-c", INVENTORY, "sh"],
  ...[remotePath, SYNC_MARKER, STAGING_PREFIX],
];

export function inventoryScript(paths: readonly string[]): string {
  const lines: string[] = [];
  for (let from = 0; from < paths.length; from += BATCH) {
    const batch = paths.slice(from, from + BATCH).map((path) => quote(`./${path}`));
    lines.push(`stat -c '//%f %s %Y %y %Z %z %n' -- ${batch.join(" ")}\n`);
  }
  return lines.join("");
}

/** See `checks.ts`. */
const BATCH = 400;

/** True if no push has filled this folder. */
export const isUntouched = (output: string): boolean => output === "" || output.startsWith("\n");

/** Paths may contain newlines, but never two slashes in a row. */
export function parseInventory(output: string): Inventory {
  const [generation = "", ...records] = output.split("\n//");
  const stats = new Map<string, RemoteStat>();
  let latestChange: number | undefined;
  for (const [index, record] of records.entries()) {
    const isLast = index === records.length - 1;
    const match = /^([0-9a-f]+) (\d+) (-?\d+) (\S+ \S+ \S+) (-?\d+) \S+ [\d:]+(\.\d+)? \S+ \.\/([^]*)$/.exec(
      isLast ? record.replace(/\n$/, "") : record,
    );
    if (!match) continue;
    const [, raw = "", size, mtime, time = "", changeSeconds, changeFraction, path = ""] = match;
    const fraction = /\.(\d{3})(\d*)/.exec(time);
    const bits = Number.parseInt(raw, 16);
    const ctime = secondsOf(changeSeconds, changeFraction);
    latestChange = Math.max(ctime, latestChange ?? ctime);
    stats.set(path, {
      kind: KINDS[bits & 0o170000] ?? "other",
      mode: bits & 0o7777,
      size: Number(size),
      mtimeSeconds: Number(mtime),
      ctime,
      mtimeFraction: fraction ? Number(fraction[1]) + (Number(fraction[2]) > 0 ? 0.5 : 0) : undefined,
    });
  }
  return { generation: generation.trim(), stats, latestChange };
}

/** The kinds, by the type bits of a mode. */
const KINDS: Readonly<Record<number, RemoteStat["kind"]>> = {
  0o100000: "file",
  0o040000: "directory",
  0o120000: "symlink",
};
