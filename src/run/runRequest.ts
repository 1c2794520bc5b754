import type { SandboxSpec } from "../modal/spec";
import type { OfferOther } from "./createOrSwap";
import type { GroupFolder } from "./groupFolder";
import type { RunRecord } from "./runRecords";
import type { RunTarget } from "./target/target";

export interface RunRequest {
  readonly target: RunTarget;
  /** Absolute path of the folder that is synced; none for a loose file outside every folder. */
  readonly folder: string | undefined;
  /** The sandboxes to run on, one run each. */
  readonly specs: readonly NamedSpec[];
  /** Where the folder lies in the sandbox: the program's working directory. */
  readonly remotePath: string;
  /** Nobody needs to look. */
  readonly isBackground?: boolean;
  /** Asked where a GPU is not to be had, instead of the user for each run. */
  readonly offerOther?: OfferOther;
  /** Somebody else finds the problems in its output. */
  readonly isMatched?: boolean;
  /** What the run is in a sweep, if it is part of one. */
  readonly part?: SweepPart;
}

export interface SweepPart {
  readonly sweepId: string;
  /** Which argument set it is, counted from 0. */
  readonly index: number;
  /** Names the set. */
  readonly label: string;
  /** Where the outputs of all sets go; without it they go to their places in the synced folder. */
  readonly outputs: GroupFolder | undefined;
}

/** A spec, with the name that it has in the settings, if it has one. */
export interface NamedSpec extends SandboxSpec {
  readonly specName?: string;
}

/** A run, wherever it goes. */
export type OneRun = Omit<RunRequest, "specs">;

/** A sandbox, and what is to be known of it before it is looked for. */
export type GivenSandbox = Pick<RunRecord, "gpu" | "sandboxId">;
