import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from "node:fs";
import { join, sep } from "node:path";

import { messageOf } from "../base/errors";
import type { SkippedEntry } from "./folderEntry";
import { FolderWriter, type Placed } from "./folderWriter";
import { RUN_SUMMARY, SECOND_RUN_SUMMARY } from "./outputFolder";
import { protectionOf } from "./protectedNames";
import { refusePath, refuseTarget, type NameRules } from "./safePath";

export interface KeepRequest {
  /** The local folder. */
  readonly root: string;
  /** The folder of a run's outputs, relative to it. */
  readonly outputs: string;
  /** Files here that changed after this moment, in milliseconds since the epoch, are not replaced without a choice. */
  readonly startedAt: number;
  readonly choice: "ask" | "replace" | "keepBoth";
}

export interface KeepResult {
  /** Files here that changed since, in order of path. For the choice "ask" nothing was copied if there are any. */
  readonly changed: readonly string[];
  readonly files: number;
  /** How many of them are next to a file of the same name. */
  readonly copies: number;
  readonly skipped: readonly SkippedEntry[];
}

/** Copies the outputs of a run to their places in the folder. Blocks (see `scan`). @param root links resolved */
export function keepOutputs({ root, outputs, startedAt, choice }: KeepRequest, rules: NameRules): KeepResult {
  const from = join(root, outputs);
  const paths = list(from);
  const changed = paths.filter((path) => isChanged(join(root, path), join(from, path), startedAt));
  if (choice === "ask" && changed.length > 0) return { changed, files: 0, copies: 0, skipped: [] };

  const left = new Set(choice === "keepBoth" ? changed : []);
  const label = outputs.slice(outputs.lastIndexOf("/") + 1).replaceAll(/[()]/g, "-");
  const writer = new FolderWriter({ root, mayReplace: (path) => !left.has(path), from: label });
  const placed: Placed[] = [];
  const skipped: SkippedEntry[] = [];
  try {
    for (const path of paths) {
      const reason = refusePath(path, rules) ?? protectionIn(path);
      try {
        if (reason === undefined) placed.push(keepOne(writer, outputs, path, lstatSync(join(from, path)), from));
        else skipped.push({ path, reason });
      } catch (error) {
        skipped.push({ path, reason: messageOf(error) });
      }
    }
  } finally {
    writer.dispose();
  }
  return { changed, files: placed.length, copies: placed.filter(({ kind }) => kind === "copied").length, skipped };
}

function keepOne(writer: FolderWriter, outputs: string, path: string, stats: Stats, from: string): Placed {
  if (!stats.isSymbolicLink())
    return writer.placeCopy(`${outputs}/${path}`, { path, mode: stats.mode, mtime: stats.mtimeMs / 1000 });
  const target = readlinkSync(join(from, path)).replaceAll(sep, "/");
  const reason = refuseTarget(path, target);
  if (reason !== undefined) throw new Error(reason);
  return writer.placeLink(path, target);
}

const protectionIn = (path: string): string | undefined =>
  path
    .split("/")
    .map((name, index, names) => protectionOf(name, index < names.length - 1))
    .find((reason) => reason !== undefined);

/** Files and links, without the summary of the run. */
function list(folder: string): string[] {
  const summary = existsSync(join(folder, SECOND_RUN_SUMMARY)) ? SECOND_RUN_SUMMARY : RUN_SUMMARY;
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .map(({ parentPath, name }) =>
      join(parentPath, name)
        .slice(folder.length + 1)
        .replaceAll(sep, "/"),
    )
    .filter((path) => path !== summary)
    .sort();
}

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

/** Larger files are taken as different: comparing them takes as long as reading both. */
const COMPARE_BYTES = 64 * 1024 * 1024;
