import { STATE_FOLDER } from "../../base/stateFolder";
import BEGIN from "./remote/begin.sh";
import SIGNAL from "./remote/signal.sh";
import SUPERVISE from "./remote/supervise.sh";

/**
 * A program runs under a shell script in the sandbox, supervise.sh, which has a drawing of it: Modal has no call to signal
 * a process that it started, and what a broken connection lost must be shown by the next one.
 */

const DIRECTORY = `${STATE_FOLDER}/runs`;

/** The folders of more runs than this are removed from a sandbox, those that changed last excepted. */
const KEPT_LOGS = 50;

/** The exit code of supervise.sh if the sandbox doesn't know the run that it is to show; one that programs don't use. */
export const NO_SUCH_RUN = 253;

/** Where the program's input and output are in the sandbox. */
export const logFolder = (runId: string): string => `${DIRECTORY}/${runId}`;

/** How many bytes of each output were shown. */
export interface Seen {
  readonly stdout: number;
  readonly stderr: number;
}

export interface AttachOptions {
  /** A plain word, unique in the sandbox. */
  readonly runId: string;
  readonly seen: Seen;
  /** Somebody types and waits for the echo, which is worth a hundredth of a core. */
  readonly isInteractive: boolean;
}

/** Starts a program under supervision, unless it was, and shows its output from `seen` on. */
export const attachCommand = ({ runId, seen, isInteractive }: AttachOptions, argv: readonly string[]): string[] => [
  ...["sh", "-c", SUPERVISE, "sh", logFolder(runId)],
  ...[seen.stdout + 1, seen.stderr + 1, isInteractive ? 0.005 : 0.05, KEPT_LOGS].map(String),
  BEGIN,
  ...argv,
];

/** Interrupts the program and what it started, as Ctrl+C would. */
export const interruptCommand = (runId: string): string[] => [
  ...["sh", "-c", SIGNAL, "sh", logFolder(runId), "INT", "once"],
];

/**
 * Ends the program and what it started: interrupts, after a second asks, after three more kills; or begins later in this
 * row. Returns 0 once all of it is gone.
 */
export const stopCommand = (runId: string, first: "INT" | "TERM"): string[] => [
  ...["sh", "-c", SIGNAL, "sh", logFolder(runId), first, "until-gone"],
];
