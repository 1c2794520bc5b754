import { posix } from "node:path";
import { UserError } from "../../base/errors";
import { collect, type ExecGateway, type ExecOptions, type RemoteProcess } from "../../modal/exec";
import { superviseProgram } from "./program";
import { programEnvironment, runEnvironment, withOutputFolder } from "./programEnvironment";
import { isOver, type OutputSink, type Run, type RunControls } from "../run";
import { interruptCommand, stopCommand } from "./supervisor";
import { remoteFile } from "./remoteFile";

export interface ProgramRunOptions {
  readonly exec: ExecGateway;
  readonly sandboxId: string;
  /** Where the folder lies in the sandbox. */
  readonly remotePath: string;
  /** An earlier window started it. */
  readonly isStarted: boolean;
  readonly onStarted: () => void;
  /** Whether the sandbox may still live. */
  readonly mayLive: () => boolean;
}

/** The exit code with which a shell says that there is no such program. */
const NO_SUCH_PROGRAM = 127;

const SIGNAL_TIMEOUT_MS = 15_000;

/** Starts the program of a run, or goes on with it; returns its exit code once all its output is shown. */
export async function runProgram(run: Run, options: ProgramRunOptions): Promise<number> {
  const { exec, sandboxId, remotePath, isStarted, mayLive, onStarted } = options;
  let process: RemoteProcess | undefined;
  const controls = controlsOf(run, options, () => process);
  // One that runs already can be ended before there is a terminal that shows it.
  if (isStarted) run.control(controls);
  const size = await run.size;
  run.signal.throwIfAborted();
  run.control(controls);

  const [argv, context] = startOf(run, remotePath, size);
  const exitCode = await superviseProgram({
    ...{ exec, sandboxId, id: run.id, argv, context, isStarted, mayLive, isInteractive: false },
    onConnected: (connected) => {
      process = connected;
      onStarted();
    },
    show: (output) => run.show(output),
    tell: (line) => {
      run.tell(line);
    },
    lost: outputLost,
  });
  if (exitCode === NO_SUCH_PROGRAM) run.tell(programMissing(run.target.program));
  return exitCode;
}

const startOf = (run: Run, remotePath: string, size: OutputSink["size"]): [string[], ExecOptions] => {
  const { argv, file, args = [], env, workdir = "" } = run.target;
  const program = [...argv, ...(file ? [remoteFile(run.id, file, remotePath)] : []), ...args];
  return [
    withOutputFolder(program, remotePath),
    {
      workdir: posix.resolve(remotePath, workdir),
      env: { ...programEnvironment(size), ...env, ...runEnvironment(run) },
    },
  ];
};

function controlsOf(
  run: Run,
  { exec, sandboxId }: ProgramRunOptions,
  current: () => RemoteProcess | undefined,
): RunControls {
  const signal = async (argv: string[]) =>
    collect(await exec.exec(sandboxId, argv, {}, AbortSignal.timeout(SIGNAL_TIMEOUT_MS)));
  const stop = async (first: "INT" | "TERM") => {
    try {
      const { exitCode } = await signal(stopCommand(run.id, first));
      if (exitCode !== 0) throw stillThere(run.target.label);
    } catch (error) {
      // Once it is over its sandbox may go, and take this with it.
      if (!isOver(run.state)) throw error;
    }
  };
  return {
    write: async (bytes) => current()?.write(bytes),
    endInput: async () => current()?.closeInput(),
    interrupt: async () => {
      await signal(interruptCommand(run.id));
    },
    stop: () => stop("INT"),
    hurry: () => stop("TERM"),
  };
}

const stillThere = (label: string) =>
  new UserError(`${label} could not be ended. Terminate its sandbox.`, {
    actions: [{ title: "Terminate Sandbox", command: "modalSandboxes.terminateSandbox" }],
  });

/** How it ended is not known. */
export const outputLost = () =>
  new UserError("The sandbox has nothing of this run any more. Run it again.", {
    actions: [{ title: "Run Last File Again", command: "modalSandboxes.runFileAgain" }],
  });

const programMissing = (program: string) =>
  `The image may lack ${program}. Choose an image that has it: the setting "modalSandboxes.image".`;
