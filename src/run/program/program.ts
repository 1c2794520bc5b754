import type { ExecGateway, ExecOptions, RemoteProcess } from "../../modal/exec";
import { follow } from "./follow";
import type { RunOutput } from "../output/runOutput";
import { attachCommand, NO_SUCH_RUN, type Seen } from "./supervisor";

export interface ProgramOptions {
  readonly exec: ExecGateway;
  readonly sandboxId: string;
  /** A word of letters and digits, unique in the sandbox. */
  readonly id: string;
  readonly argv: readonly string[];
  readonly context: ExecOptions;
  /** True if an earlier window started the program. */
  readonly isStarted: boolean;
  readonly isInteractive: boolean;
  /** Called with the process that receives the user's input from now on. */
  readonly onConnected: (process: RemoteProcess) => void;
  /** True if the sandbox may still be running. */
  readonly mayLive: () => boolean;
  /** Resolves when more output can be accepted. */
  readonly show: (output: RunOutput) => Promise<void>;
  readonly tell: (line: string) => void;
  /** Creates the error for a sandbox that no longer knows the program. */
  readonly lost: () => Error;
}

/** The number of attempts to start a program. Once started, it is followed as long as its sandbox may be running. */
const START_ATTEMPTS = 3;

/** Starts a supervised program or resumes following it. Returns its exit code when all its output has been shown. */
export async function superviseProgram(options: ProgramOptions): Promise<number> {
  const { exec, sandboxId, id, isInteractive, tell } = options;
  let { isStarted } = options;
  let attempts = 0;

  const attach = async (seen: Seen) => {
    attempts++;
    const [argv, context] = isStarted ? [[], {}] : [options.argv, options.context];
    const command = attachCommand({ runId: id, seen, isInteractive }, argv);
    const process = await exec.exec(sandboxId, command, context, new AbortController().signal);
    if (isStarted) tell("Reconnected.");
    isStarted = true;
    options.onConnected(process);
    return process;
  };
  const exitCode = await follow({
    attach,
    mayTryAgain: () => (isStarted ? options.mayLive() : attempts < START_ATTEMPTS),
    show: options.show,
    onLost: () => tell("Connection lost. The program keeps running in the sandbox. Reconnecting…"),
  });
  if (exitCode === NO_SUCH_RUN && (options.isStarted || attempts > 1)) throw options.lost();
  return exitCode;
}
