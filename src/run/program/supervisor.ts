import { STATE_FOLDER } from "../../base/stateFolder";
import BEGIN from "./remote/begin.sh";
import SIGNAL from "./remote/signal.sh";
import SUPERVISE from "./remote/supervise.sh";

/**
 * A program runs under a shell script in the sandbox, supervise.sh, which has a diagram of it. Modal has no call to
 * signal a process, and output that a broken connection lost must be shown by the next one.
 */

const DIRECTORY = `${STATE_FOLDER}/runs`;

/** If there are more run folders than this in a sandbox, the oldest ones are deleted. */
const KEPT_LOGS = 50;

/** The exit code of supervise.sh if the sandbox doesn't know the run to show. Programs don't use it. */
export const NO_SUCH_RUN = 253;

/** The folder in the sandbox with the program's input and output. */
export const logFolder = (runId: string): string => `${DIRECTORY}/${runId}`;

/** The number of bytes of each output that were shown. */
export interface Seen {
  readonly stdout: number;
  readonly stderr: number;
}

export interface AttachOptions {
  /** A word of letters and digits, unique in the sandbox. */
  readonly runId: string;
  readonly seen: Seen;
  /** True if the user types and waits for the echo, which is worth a hundredth of a core. */
  readonly isInteractive: boolean;
}

/** Starts a program under supervision unless it was started before, and shows its output from `seen` on. */
export const attachCommand = ({ runId, seen, isInteractive }: AttachOptions, argv: readonly string[]): string[] => [
  ...["sh", "-c", SUPERVISE, "sh", logFolder(runId)],
  ...[seen.stdout + 1, seen.stderr + 1, isInteractive ? 0.005 : 0.05, KEPT_LOGS].map(String),
  BEGIN,
  ...argv,
];

/** Interrupts the program and its child processes like Ctrl+C. */
export const interruptCommand = (runId: string): string[] => [
  ...["sh", "-c", SIGNAL, "sh", logFolder(runId), "INT", "once"],
];

/**
 * Stops the program and its child processes: interrupts them, terminates them after a second, and kills them after
 * three more. `first` selects where to begin. Returns 0 when all processes are gone.
 */
export const stopCommand = (runId: string, first: "INT" | "TERM"): string[] => [
  ...["sh", "-c", SIGNAL, "sh", logFolder(runId), first, "until-gone"],
];
