import type { BaselineKey } from "./baseline";
import type { SkippedEntry } from "./folderEntry";
import type { RootProblem } from "./folderRoot";
import type { ArchiveEnd } from "./unpack";

/** What the worker is started with. */
export interface PullRequest {
  /** The local folder. */
  readonly root: string;
  /** For a pull after a run: what was synced, and what is to come back. Without it everything comes. */
  readonly since?: PullSince;
}

export interface PullSince {
  readonly key: BaselineKey;
  /** Where the baselines are kept. */
  readonly folder: string;
  /** As `PullFilter` takes them. */
  readonly patterns: readonly string[];
}

/** To the worker: the listing in blocks and its end, then `go`, then the archive in blocks and its end. */
export type PullOrder =
  | { readonly kind: "block"; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: "listed" }
  | { readonly kind: "go"; readonly isOverwriting: boolean; readonly maxBytes: number }
  | { readonly kind: "end" }
  /** Instead of all that is still to come. */
  | { readonly kind: "stop" };

/** From the worker: `taken` for each block, `planned` after `listed`, `names` after `go`, at last `done`. */
export type PullReport =
  | { readonly kind: "refused"; readonly problem: RootProblem }
  /** With the block's memory. */
  | ({ readonly kind: "taken"; readonly buffer: ArrayBuffer } & PullCounts)
  | ({ readonly kind: "planned" } & PlanSummary)
  /** Paths for the sender, each with a NUL behind it. */
  | { readonly kind: "names"; readonly bytes: Uint8Array<ArrayBuffer> }
  | ({ readonly kind: "done" } & PullOutcome);

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
  readonly listing: "whole" | "cut" | "empty";
}

export interface PullOutcome {
  readonly files: number;
  readonly bytes: number;
  readonly conflicts: readonly Conflict[];
  /** The first thousand; `skippedCount` says how many there are. */
  readonly skipped: readonly SkippedEntry[];
  readonly skippedCount: number;
  readonly end: ArchiveEnd;
}

/** A file that was changed on both sides, relative to the folder. */
export interface Conflict {
  /** The one from here, untouched. */
  readonly path: string;
  /** The sandbox's, beside it. */
  readonly copy: string;
}
