import type { BaselineKey } from "../folder/baseline";
import type { SkippedEntry } from "../folder/folderEntry";
import type { ArchiveEnd } from "../archive/unpack";

/** For a pull after a run: the synced folder, and what to pull. */
export interface PullSince {
  readonly key: BaselineKey;
  /** The patterns for `PullFilter`. */
  readonly patterns: readonly string[];
  /** The name of the run whose files these are: its GPU. */
  readonly from?: string;
  /** The folder to pull into, relative to the local folder, if not their own places in it. */
  readonly into?: string;
}

export interface PullCounts {
  readonly files: number;
  readonly bytes: number;
  /** The entry that was written last. */
  readonly path: string;
}

export interface PlanSummary {
  /** The number of entries in the sandbox, including those that need not be pulled. */
  readonly entries: number;
  readonly files: number;
  readonly bytes: number;
  /** The biggest files first, three at most. */
  readonly biggest: readonly { readonly path: string; readonly bytes: number }[];
  /** The number of files that exist here under the same name. */
  readonly existing: number;
  /** The state of the listing: `cut` if it is incomplete, `empty` although entries are known. */
  readonly listing: "complete" | "cut" | "empty" | "tooMuch";
}

export interface PullDecision {
  /**
   * True to replace files of the same name; otherwise the sandbox's versions are written next to them. Only without
   * `since`.
   */
  readonly isOverwriting: boolean;
  /** The biggest files stay in the sandbox until the rest is at most this size. */
  readonly maxBytes: number;
  /** If there are more files, the last of the list stay in the sandbox. */
  readonly maxFiles?: number;
}

export interface PullOutcome {
  readonly files: number;
  readonly bytes: number;
  readonly conflicts: readonly Conflict[];
  readonly copies: readonly ProtectedCopy[];
  /** The first thousand; `skippedCount` is the total. */
  readonly skipped: readonly SkippedEntry[];
  readonly skippedCount: number;
  /** Files that changed each time the sandbox read them, so that their archived content could be a mix of versions. */
  readonly changing: readonly string[];
  /** The number of outputs that stay in the sandbox because of a limit or this machine's disk. */
  readonly leftCount: number;
  readonly end: ArchiveEnd;
}

/** A file that changed on both sides. Paths are relative to the folder. */
export interface Conflict {
  /** The version from here, unchanged. */
  readonly path: string;
  /** The sandbox's version, next to it. */
  readonly copy: string;
  /** The name of the run that wrote the version here; undefined if it was the user. */
  readonly other?: string;
}

/** An entry that was pulled only as a copy, because a tool here would read it on its own. */
export interface ProtectedCopy {
  readonly path: string;
  readonly copy: string;
  /** A clause such as "it can run …". */
  readonly reason: string;
  /** True if a file of that name is here, which was not changed. */
  readonly isHere: boolean;
}
