import type { SandboxSpec } from "../modal/spec";
import type { OfferOther } from "./createOrSwap";
import type { GroupFolder } from "./groupFolder";
import type { RunRecord } from "./runRecords";
import type { RunTarget } from "./target/target";

export interface RunRequest {
  readonly target: RunTarget;
  /** Absolute path of the synced folder. Absent for a file outside every folder. */
  readonly folder: string | undefined;
  /** The sandboxes to run on, one run each. */
  readonly specs: readonly NamedSpec[];
  /** The folder's path in the sandbox, which is the program's working directory. */
  readonly remotePath: string;
  /** True if the run should start without waiting for a terminal to show it. */
  readonly isBackground?: boolean;
  /** If present, replaces the default question to the user when a GPU is unavailable. */
  readonly offerOther?: OfferOther;
  /** True if a task's problem matcher finds the problems in the output. */
  readonly isMatched?: boolean;
  /** The argument set, if the run is part of a sweep. */
  readonly part?: SweepPart;
}

export interface SweepPart {
  readonly sweepId: string;
  /** The number of the argument set, counted from 0. */
  readonly index: number;
  /** Names the set. */
  readonly label: string;
  /** The folder for the outputs of all sets. If absent, outputs replace the files of the synced folder. */
  readonly outputs: GroupFolder | undefined;
}

/** A spec and its name in the settings, if it has one. */
export interface NamedSpec extends SandboxSpec {
  readonly specName?: string;
}

/** A request for one run, without the place to run it. */
export type OneRun = Omit<RunRequest, "specs">;

/** An existing sandbox, and what is known about it before it is found. */
export type GivenSandbox = Pick<RunRecord, "gpu" | "sandboxId">;
