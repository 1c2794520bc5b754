import type { ExecGateway, ExecOptions, RemoteProcess } from "../../modal/exec";
import { follow } from "./follow";
import type { RunOutput } from "../output/runOutput";
import { attachCommand, NO_SUCH_RUN, type Seen } from "./supervisor";

export interface ProgramOptions {
  readonly exec: ExecGateway;
  readonly sandboxId: string;
  /** A plain word, unique in the sandbox. */
  readonly id: string;
  readonly argv: readonly string[];
  readonly context: ExecOptions;
  /** An earlier window started it. */
  readonly isStarted: boolean;
  readonly isInteractive: boolean;
  /** What is typed goes to this process from here on. */
  readonly onConnected: (process: RemoteProcess) => void;
  /** Whether the sandbox may still live. */
  readonly mayLive: () => boolean;
  /** Settles when there is room for more. */
  readonly show: (output: RunOutput) => Promise<void>;
  readonly tell: (line: string) => void;
  /** The error where the sandbox does not know the program any more. */
  readonly lost: () => Error;
}

/** So many attempts are made to start a program; one that was started is followed as long as its sandbox may live. */
const START_ATTEMPTS = 3;

/** Starts a supervised program, or goes on with it; returns its exit code once all its output is shown. */
export async function superviseProgram(options: ProgramOptions): Promise<number> {
  const { exec, sandboxId, id, isInteractive, tell } = options;
  let { isStarted } = options;
  let attempts = 0;

  const attach = async (seen: Seen) => {
    attempts++;
    const [argv, context] = isStarted ? [[], {}] : [options.argv, options.context];
    const command = attachCommand({ runId: id, seen, isInteractive }, argv);
    const process = await exec.exec(sandboxId, command, context, new AbortController().signal);
    if (isStarted) tell("Connected again.");
    isStarted = true;
    options.onConnected(process);
    return process;
  };
  const exitCode = await follow({
    attach,
    mayTryAgain: () => (isStarted ? options.mayLive() : attempts < START_ATTEMPTS),
    show: options.show,
    onLost: () => {
      tell("The connection broke; the program goes on in the sandbox. Connecting again…");
    },
  });
  if (exitCode === NO_SUCH_RUN && (options.isStarted || attempts > 1)) throw options.lost();
  return exitCode;
}
