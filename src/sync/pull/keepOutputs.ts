import { lstatSync, readFileSync, readlinkSync, type Stats } from "node:fs";
import { join, sep } from "node:path";

import { messageOf } from "../../base/errors";
import type { SkippedEntry } from "../folder/folderEntry";
import { FolderWriter, type Placed } from "../folder/folderWriter";
import { listOutputs } from "./listOutputs";
import { isSummaryOf, RUN_SUMMARY, SECOND_RUN_SUMMARY } from "../rules/outputFolder";
import { LocalFolder } from "../folder/localFolder";
import { PathGuard } from "../folder/pathGuard";
import type { ProtectedCopy } from "./pullMessages";
import { refusePath, refuseTarget, type NameRules } from "../folder/safePath";

export interface KeepRequest {
  /** The local folder. */
  readonly root: string;
  /** The folder of a run's outputs, relative to `root`. */
  readonly outputs: string;
  readonly runId: string;
  /**
   * Files here that changed after this time, in milliseconds since the epoch, are replaced only if the user chooses so.
   */
  readonly startedAt: number;
  readonly choice: "ask" | "replace" | "keepBoth";
}

export interface KeepResult {
  /** Files here that changed since, in order of path. With the choice "ask", nothing is copied if there are any. */
  readonly changed: readonly string[];
  readonly files: number;
  /** The number of files that were written next to a changed file of the same name. */
  readonly copies: number;
  /** The files that were copied only under another name. */
  readonly guarded: readonly ProtectedCopy[];
  readonly skipped: readonly SkippedEntry[];
}

/**
 * Copies the outputs of a run to their final places in the folder. Synchronous (see `scan`).
 * @param root with links resolved
 */
export function keepOutputs({ root, outputs, runId, startedAt, choice }: KeepRequest, rules: NameRules): KeepResult {
  const from = join(root, outputs);
  const entries = listOutputs(from).filter(({ path }) => !isSummary(from, path, runId));
  const guard = new PathGuard(new LocalFolder(root), entries);
  const guards = new Map(
    entries.flatMap(({ path, kind }) => {
      const found = guard.guard(path, kind);
      return found ? [[path, found] as const] : [];
    }),
  );
  const paths = entries.filter(({ kind }) => kind !== "directory").map(({ path }) => path);
  const changed = paths.filter((path) => !guards.has(path) && isChanged(join(root, path), join(from, path), startedAt));
  if (choice === "ask" && changed.length > 0) return { changed, files: 0, copies: 0, guarded: [], skipped: [] };

  const left = new Set(choice === "keepBoth" ? changed : []);
  const label = outputs.slice(outputs.lastIndexOf("/") + 1).replaceAll(/[()]/g, "-");
  const writer = new FolderWriter({
    root,
    mayReplace: (path) => !left.has(path),
    copyNameOf: (path) => guards.get(path)?.copyName,
    from: label,
  });
  const placed: Placed[] = [];
  const guarded: ProtectedCopy[] = [];
  const skipped: SkippedEntry[] = [];
  try {
    for (const path of paths) {
      const reason = refusePath(path, rules);
      try {
        if (reason !== undefined) throw new Error(reason);
        const one = keepOne(writer, outputs, path, lstatSync(join(from, path)), from);
        const found = guards.get(path);
        if (found && one.kind === "copied")
          guarded.push({ path, copy: one.copy, reason: found.reason, isHere: one.stats !== undefined });
        placed.push(one);
      } catch (error) {
        skipped.push({ path, reason: messageOf(error) });
      }
    }
  } finally {
    writer.dispose();
  }
  const copies = placed.filter(({ kind }) => kind === "copied").length - guarded.length;
  return { changed, files: placed.length, copies, guarded, skipped };
}

function keepOne(writer: FolderWriter, outputs: string, path: string, stats: Stats, from: string): Placed {
  if (!stats.isSymbolicLink())
    return writer.placeCopy(`${outputs}/${path}`, { path, mode: stats.mode, mtime: stats.mtimeMs / 1000 });
  const target = readlinkSync(join(from, path)).replaceAll(sep, "/");
  const reason = refuseTarget(path, target);
  if (reason !== undefined) throw new Error(reason);
  return writer.placeLink(path, target);
}

const isSummary = (folder: string, path: string, runId: string): boolean =>
  (path === RUN_SUMMARY || path === SECOND_RUN_SUMMARY) && isSummaryOf(join(folder, path), runId);

function isChanged(here: string, output: string, startedAt: number): boolean {
  const stats = lstatSync(here, { throwIfNoEntry: false });
  return stats !== undefined && Math.max(stats.mtimeMs, stats.ctimeMs) >= startedAt && !isSame(here, stats, output);
}

function isSame(here: string, stats: Stats, output: string): boolean {
  const other = lstatSync(output);
  if (stats.isSymbolicLink()) return other.isSymbolicLink() && readlinkSync(here) === readlinkSync(output);
  if (!stats.isFile() || !other.isFile() || stats.size !== other.size || stats.size > COMPARE_BYTES) return false;
  return readFileSync(here).equals(readFileSync(output));
}

/** Larger files are considered different: comparing them takes as long as reading both. */
const COMPARE_BYTES = 64 * 1024 * 1024;
