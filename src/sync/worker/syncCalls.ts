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

/** What the worker can be asked for, and what it answers. */
export interface SyncCalls {
  /** Scans the folder and compares it with each target's baseline. */
  readonly open: {
    readonly asks: { readonly session: number; readonly root: string; readonly keys: readonly PushKey[] };
    readonly answers: { readonly problem: RootProblem } | { readonly plans: readonly PlanSummary[] };
  };
  /** Looks at a folder, so that the next `open` of it finds most of it known. */
  readonly prepare: { readonly asks: string; readonly answers: null };
  /** Sends the blocks of an archive for targets with equal plans; answers after the last. */
  readonly pack: {
    readonly asks: {
      readonly session: number;
      readonly stream: number;
      readonly targets: readonly number[];
      readonly isCompressed: boolean;
    };
    readonly answers: PackedSummary;
  };
  /** The script that asks a sandbox what it holds. */
  readonly ask: {
    readonly asks: { readonly session: number; readonly target: number };
    readonly answers: string;
  };
  /** The sandbox's list of what its folder held before any push. */
  readonly noteImage: {
    readonly asks: { readonly session: number; readonly target: number; readonly listing: string };
    readonly answers: null;
  };
  /** Plans anew by what a sandbox says that it holds. */
  readonly replan: {
    readonly asks: { readonly session: number; readonly target: number; readonly output: string };
    readonly answers: PlanSummary;
  };
  /** What a push would do, by what the sandbox says that it holds, if it was asked. */
  readonly preview: {
    readonly asks: { readonly session: number; readonly target: number; readonly output: string | undefined };
    readonly answers: PushPreview;
  };
  /** The sandbox has put only a part of the archive in its place. `report` as in `confirm`. */
  readonly noteKept: {
    readonly asks: {
      readonly session: number;
      readonly target: number;
      readonly stamp: string;
      readonly report: string;
    };
    readonly answers: null;
  };
  /** The sandbox has taken the archive: the baseline advances. */
  readonly confirm: {
    readonly asks: {
      readonly session: number;
      readonly target: number;
      readonly stream: number;
      readonly generation: string;
      readonly stamp: string;
      /** What the receiver printed. */
      readonly report: string;
    };
    readonly answers: readonly Conflict[];
  };
  /** The paths of outputs that could not be pulled into a folder of their own; "unseen" if only a list can tell. */
  readonly leftOutputs: { readonly asks: BaselineKey; readonly answers: readonly string[] | "unseen" };
  /** The sandbox's list of its folder, which says what runs left there. Answers false if the list is incomplete. */
  readonly noteUnseen: {
    readonly asks: { readonly key: BaselineKey; readonly listing: string };
    readonly answers: boolean;
  };
  /** A run begins with the folder as it was pushed. */
  readonly noteBegun: { readonly asks: BaselineKey; readonly answers: null };
  /** They are out of the way. */
  readonly movedLeft: { readonly asks: BaselineKey; readonly answers: null };
  /** The `rules` of a plan, less what has been accepted since it was made. */
  readonly pendingRules: {
    readonly asks: { readonly session: number; readonly target: number };
    readonly answers: readonly RulesChange[];
  };
  /** The user lets a push send what its `rules` are about. */
  readonly acceptRules: {
    readonly asks: { readonly session: number; readonly target: number };
    readonly answers: null;
  };
  /** The user asks for a path to be pushed, which no push needs to ask about again. */
  readonly askFor: {
    readonly asks: { readonly root: string; readonly path: string };
    readonly answers: null;
  };
  /** Copies the outputs of a run to their places. */
  readonly keepOutputs: { readonly asks: KeepRequest; readonly answers: KeepResult };
  /** Whether there is a baseline. */
  readonly isKnown: { readonly asks: BaselineKey; readonly answers: boolean };
  readonly explain: {
    readonly asks: { readonly root: string; readonly path: string };
    readonly answers: Explanation;
  };
  /** Begins a pull of `path` in the remote folder, or of everything; without `since` everything comes. The listing follows in blocks. */
  readonly openPull: {
    readonly asks: {
      readonly session: number;
      readonly root: string;
      readonly path: string | undefined;
      readonly since: PullSince | undefined;
    };
    readonly answers: RootProblem | null;
  };
  /** The listing has ended. */
  readonly planPull: { readonly asks: { readonly session: number }; readonly answers: PullPlanSummary };
  /** Answers with paths for the sender, each with a NUL behind it. The archive follows in blocks. */
  readonly startPull: {
    readonly asks: PullDecision & { readonly session: number };
    readonly answers: Uint8Array;
  };
  /**
   * The archive has ended, and these paths (each with a NUL behind it) changed while the sandbox read them. Answers with
   * those to ask for once more, as `startPull` does; another archive follows if there are any.
   */
  readonly recheckPull: {
    readonly asks: { readonly session: number; readonly changed: string };
    readonly answers: Uint8Array;
  };
  /** The archive has ended, or it is stopped and the rest will not come. */
  readonly endPull: {
    readonly asks: { readonly session: number; readonly isStopped: boolean };
    readonly answers: PullOutcome;
  };
  readonly close: { readonly asks: { readonly session: number }; readonly answers: null };
}

export type SyncCall = keyof SyncCalls;

/** What a push to one target comes to. */
export interface PlanSummary {
  /** Targets with the same one get the same archive. */
  readonly digest: string;
  readonly isEmpty: boolean;
  readonly files: number;
  readonly bytes: number;
  readonly deletes: number;
  /** How many entries the sandbox has of the folder; `undefined` if nothing is known of it. */
  readonly known: number | undefined;
  /** What the sandbox's marker is expected to say. */
  readonly generation: string;
  readonly skipped: readonly SkippedEntry[];
  readonly biggest: readonly FolderSize[];
  readonly rules: readonly RulesChange[];
}

export interface PackedSummary {
  readonly files: number;
  readonly bytes: number;
  /** Of the archive, as it was sent. */
  readonly wireBytes: number;
  readonly compressMs: number;
  readonly skipped: readonly SkippedEntry[];
}

export type ToWorker =
  | { readonly kind: "call"; readonly id: number; readonly call: SyncCall; readonly asks: SyncCalls[SyncCall]["asks"] }
  /** A block's memory back, and leave to send one more. */
  | { readonly kind: "taken"; readonly stream: number; readonly buffer: ArrayBuffer }
  /** Nobody wants the rest. */
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
  /** A fed block's memory back, and how far the pull has come. */
  | {
      readonly kind: "fed";
      readonly session: number;
      readonly buffer: ArrayBuffer;
      readonly counts: PullCounts;
      /** Nothing more of the stream is of use. */
      readonly isEnough: boolean;
    };

/** How many blocks of a stream the worker may have sent that the host has not taken. */
export const CREDITS = 6;

/** How many blocks the host may have fed that the worker has not dealt with. */
export const FEED_CREDITS = 4;
