import type { BaselineKey } from "../folder/baseline";
import type { Explanation } from "../rules/explain";
import type { KeepRequest, KeepResult } from "../pull/keepOutputs";
import type { RootProblem } from "../folder/folderRoot";
import type { SkippedEntry } from "../folder/folderEntry";
import type { PackProgress } from "../archive/pack";
import type { PushPreview } from "../push/preview";
import type {
  PlanSummary as PullPlanSummary,
  PullCounts,
  PullDecision,
  PullOutcome,
  PullSince,
} from "../pull/pullMessages";
import type { Conflict, FolderSize, PushKey } from "../push/pushRequest";
import type { RulesChange } from "../rules/rulesChange";

/** The calls that the worker handles, with their parameters and results. */
export interface SyncCalls {
  /** Scans the folder and compares it with each target's baseline. */
  readonly open: {
    readonly params: { readonly session: number; readonly root: string; readonly keys: readonly PushKey[] };
    readonly result: { readonly problem: RootProblem } | { readonly plans: readonly PlanSummary[] };
  };
  /** Scans a folder, so that the next `open` of it can reuse most of the results. */
  readonly prepare: { readonly params: string; readonly result: null };
  /** Packs the archive for targets with equal plans and posts its blocks; returns after the last block. */
  readonly pack: {
    readonly params: {
      readonly session: number;
      readonly stream: number;
      readonly targets: readonly number[];
      readonly isCompressed: boolean;
    };
    readonly result: PackedSummary;
  };
  /** Returns the script that asks a sandbox what it has. */
  readonly ask: {
    readonly params: { readonly session: number; readonly target: number };
    readonly result: string;
  };
  /** Records the listing of the sandbox's folder from before the first push. */
  readonly noteImage: {
    readonly params: { readonly session: number; readonly target: number; readonly listing: string };
    readonly result: null;
  };
  /** Makes a new plan from what the sandbox reports that it has. */
  readonly replan: {
    readonly params: { readonly session: number; readonly target: number; readonly output: string };
    readonly result: PlanSummary;
  };
  /** Returns what a push would do, considering the sandbox's report if there is one. */
  readonly preview: {
    readonly params: { readonly session: number; readonly target: number; readonly output: string | undefined };
    readonly result: PushPreview;
  };
  /** Records the files that an incomplete push moved aside; `report` is the receiver's output. */
  readonly noteKept: {
    readonly params: {
      readonly session: number;
      readonly target: number;
      readonly stamp: string;
      readonly report: string;
    };
    readonly result: null;
  };
  /** Updates the baseline after the sandbox received the archive. */
  readonly confirm: {
    readonly params: {
      readonly session: number;
      readonly target: number;
      readonly stream: number;
      readonly generation: string;
      readonly stamp: string;
      /** The receiver's output. */
      readonly report: string;
    };
    readonly result: readonly Conflict[];
  };
  /**
   * Returns the paths of outputs that could not be pulled into a folder of their own; "unseen" if that requires a
   * listing.
   */
  readonly leftOutputs: { readonly params: BaselineKey; readonly result: readonly string[] | "unseen" };
  /** Records the outputs that runs left in the sandbox's folder. Returns false if the listing is incomplete. */
  readonly noteUnseen: {
    readonly params: { readonly key: BaselineKey; readonly listing: string };
    readonly result: boolean;
  };
  /** Notes that a run starts with the folder as it was pushed. */
  readonly noteBegun: { readonly params: BaselineKey; readonly result: null };
  /** Notes that the leftover outputs were moved away. */
  readonly movedLeft: { readonly params: BaselineKey; readonly result: null };
  /** Returns the `rules` of a plan, except those accepted since it was made. */
  readonly pendingRules: {
    readonly params: { readonly session: number; readonly target: number };
    readonly result: readonly RulesChange[];
  };
  /** Notes that the user allows a push to include the files that its `rules` affect. */
  readonly acceptRules: {
    readonly params: { readonly session: number; readonly target: number };
    readonly result: null;
  };
  /** Notes that the user asked to push a path, so that no push asks about it again. */
  readonly askFor: {
    readonly params: { readonly root: string; readonly path: string };
    readonly result: null;
  };
  /** Copies the outputs of a run to their final places. */
  readonly keepOutputs: { readonly params: KeepRequest; readonly result: KeepResult };
  /** True if there is a baseline. */
  readonly isKnown: { readonly params: BaselineKey; readonly result: boolean };
  readonly explain: {
    readonly params: { readonly root: string; readonly path: string };
    readonly result: Explanation;
  };
  /**
   * Begins a pull of `path` in the remote folder, or of everything. Without `since` every entry is pulled. The listing
   * follows in blocks.
   */
  readonly openPull: {
    readonly params: {
      readonly session: number;
      readonly root: string;
      readonly path: string | undefined;
      readonly since: PullSince | undefined;
    };
    readonly result: RootProblem | null;
  };
  /** Plans the pull after the last block of the listing. */
  readonly planPull: { readonly params: { readonly session: number }; readonly result: PullPlanSummary };
  /** Returns NUL-terminated paths for the sender. The archive follows in blocks. */
  readonly startPull: {
    readonly params: PullDecision & { readonly session: number };
    readonly result: Uint8Array;
  };
  /**
   * Handles the end of the archive, with the NUL-terminated paths of files that changed while the sandbox read them.
   * Returns the paths to request once more, as `startPull` does; if there are any, another archive follows.
   */
  readonly recheckPull: {
    readonly params: { readonly session: number; readonly changed: string };
    readonly result: Uint8Array;
  };
  /** Finishes the pull after the last block of the archive, or after it was stopped early. */
  readonly endPull: {
    readonly params: { readonly session: number; readonly isStopped: boolean };
    readonly result: PullOutcome;
  };
  readonly close: { readonly params: { readonly session: number }; readonly result: null };
}

export type SyncCall = keyof SyncCalls;

/** A summary of the push to one target. */
export interface PlanSummary {
  /** Targets with the same digest receive the same archive. */
  readonly digest: string;
  readonly isEmpty: boolean;
  readonly files: number;
  readonly bytes: number;
  readonly deletes: number;
  /** The number of entries that the sandbox is known to have; `undefined` if nothing is known. */
  readonly known: number | undefined;
  /** The expected content of the sandbox's marker. */
  readonly generation: string;
  readonly skipped: readonly SkippedEntry[];
  readonly biggest: readonly FolderSize[];
  readonly rules: readonly RulesChange[];
}

export interface PackedSummary {
  readonly files: number;
  readonly bytes: number;
  /** The size of the archive as it was sent. */
  readonly wireBytes: number;
  readonly compressMs: number;
  readonly skipped: readonly SkippedEntry[];
}

export type ToWorker =
  | {
      readonly kind: "call";
      readonly id: number;
      readonly call: SyncCall;
      readonly params: SyncCalls[SyncCall]["params"];
    }
  /** Returns a block's memory and permits the worker to send one more. */
  | { readonly kind: "taken"; readonly stream: number; readonly buffer: ArrayBuffer }
  /** Stops a stream whose rest is not needed. */
  | { readonly kind: "stop"; readonly stream: number }
  /** A block of a pull's listing or archive. */
  | { readonly kind: "feed"; readonly session: number; readonly bytes: Uint8Array<ArrayBuffer> };

export type FromWorker =
  | { readonly kind: "answer"; readonly id: number; readonly answer: unknown }
  | { readonly kind: "failure"; readonly id: number; readonly error: unknown }
  | {
      readonly kind: "block";
      readonly stream: number;
      readonly bytes: Uint8Array<ArrayBuffer>;
      readonly progress: Readonly<PackProgress>;
    }
  /** Returns a fed block's memory and the progress of the pull. */
  | {
      readonly kind: "fed";
      readonly session: number;
      readonly buffer: ArrayBuffer;
      readonly counts: PullCounts;
      /** True if the rest of the stream is not needed. */
      readonly isEnough: boolean;
    };

/** The most blocks of a stream that the worker may send before the host has taken them. */
export const STREAM_WINDOW = 6;

/** The most blocks that the host may feed before the worker has processed them. */
export const FEED_WINDOW = 4;
