import type { BaselineKey } from "../folder/baseline";
import type { SkippedEntry } from "../folder/folderEntry";
import type { ArchiveEnd } from "../archive/unpack";

/** For a pull after a run: what was synced, and what is to come back. */
export interface PullSince {
  readonly key: BaselineKey;
  /** As `PullFilter` takes them. */
  readonly patterns: readonly string[];
  /** Names the run whose files these are, by its GPU. */
  readonly from?: string;
  /** Where they go, relative to the folder, if that is not their own place. */
  readonly into?: string;
}

export interface PullCounts {
  readonly files: number;
  readonly bytes: number;
  /** The entry that came last. */
  readonly path: string;
}

export interface PlanSummary {
  /** How many there are in the sandbox, those that need not come included. */
  readonly entries: number;
  readonly files: number;
  readonly bytes: number;
  /** The biggest first, three at most. */
  readonly biggest: readonly { readonly path: string; readonly bytes: number }[];
  /** How many files of these names are here already. */
  readonly existing: number;
  /** Whether the listing came to its end, and held what it must. */
  readonly listing: "whole" | "cut" | "empty" | "tooMuch";
}

export interface PullDecision {
  /** Files of the same name are replaced; otherwise the sandbox's come beside them. Only without `since`. */
  readonly isOverwriting: boolean;
  /** The biggest files stay in the sandbox until the rest is no more than this. */
  readonly maxBytes: number;
  /** The last files of the list stay in the sandbox if there are more. */
  readonly maxFiles?: number;
}

export interface PullOutcome {
  readonly files: number;
  readonly bytes: number;
  readonly conflicts: readonly Conflict[];
  readonly copies: readonly ProtectedCopy[];
  /** The first thousand; `skippedCount` says how many there are. */
  readonly skipped: readonly SkippedEntry[];
  readonly skippedCount: number;
  /** Files that changed whenever the sandbox read them, so that only a mix of their versions could have come. */
  readonly changing: readonly string[];
  /** How many outputs stay in the sandbox that could have come but for a limit or this machine's disk. */
  readonly leftCount: number;
  readonly end: ArchiveEnd;
}

/** A file that was changed on both sides, relative to the folder. */
export interface Conflict {
  /** The one from here, untouched. */
  readonly path: string;
  /** The sandbox's, beside it. */
  readonly copy: string;
  /** Names the run that wrote the one here; else it was the user. */
  readonly other?: string;
}

/** What came back only as a copy, because a tool here would read it by itself. */
export interface ProtectedCopy {
  readonly path: string;
  readonly copy: string;
  /** Half a sentence: "it can run …". */
  readonly reason: string;
  /** True if there is a file of that name here, which stayed as it is. */
  readonly isHere: boolean;
}
