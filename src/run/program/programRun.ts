import { posix } from "node:path";
import { UserError } from "../../base/errors";
import { collect, type ExecGateway, type ExecOptions, type RemoteProcess } from "../../modal/exec";
import { superviseProgram } from "./program";
import { programEnvironment, runEnvironment, withOutputFolder } from "./programEnvironment";
import { isFinished, type OutputSink, type Run, type RunControls } from "../run";
import { interruptCommand, stopCommand } from "./supervisor";
import { remoteFile } from "./remoteFile";

export interface ProgramRunOptions {
  readonly exec: ExecGateway;
  readonly sandboxId: string;
  /** The path of the folder in the sandbox. */
  readonly remotePath: string;
  /** True if an earlier window started the program. */
  readonly isStarted: boolean;
  readonly onStarted: () => void;
  /** True if the sandbox may still be running. */
  readonly mayLive: () => boolean;
}

/** The exit code of a shell that cannot find the program. */
const NO_SUCH_PROGRAM = 127;

const SIGNAL_TIMEOUT_MS = 15_000;

/** Starts the program of a run or resumes following it. Returns its exit code when all its output has been shown. */
export async function runProgram(run: Run, options: ProgramRunOptions): Promise<number> {
  const { exec, sandboxId, remotePath, isStarted, mayLive, onStarted } = options;
  let process: RemoteProcess | undefined;
  const controls = controlsOf(run, options, () => process);
  // A program that is already running can be stopped before a terminal shows it.
  if (isStarted) run.control(controls);
  const size = await run.size;
  run.signal.throwIfAborted();
  run.control(controls);

  const [argv, context] = startOf(run, remotePath, size);
  const exitCode = await superviseProgram({
    exec,
    sandboxId,
    id: run.id,
    argv,
    context,
    isStarted,
    mayLive,
    isInteractive: false,
    onConnected: (connected) => {
      process = connected;
      onStarted();
    },
    show: (output) => run.show(output),
    tell: (line) => run.tell(line),
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
      // If the run has finished, its sandbox may be gone, and so may the process to signal.
      if (!isFinished(run.state)) throw error;
    }
  };
  return {
    write: async (bytes) => current()?.write(bytes),
    endInput: async () => current()?.closeInput(),
    interrupt: async () => {
      await signal(interruptCommand(run.id));
    },
    stop: () => stop("INT"),
    stopNow: () => stop("TERM"),
  };
}

const stillThere = (label: string) =>
  new UserError(`${label} couldn't be stopped. Terminate its sandbox.`, {
    actions: [{ title: "Terminate Sandbox", command: "modalSandboxes.terminateSandbox" }],
  });

/** The error for a run whose outcome is unknown. */
export const outputLost = () =>
  new UserError("The sandbox no longer has the output of this run. Run it again.", {
    actions: [{ title: "Run Last File Again", command: "modalSandboxes.runFileAgain" }],
  });

const programMissing = (program: string) =>
  `The image may lack ${program}. Choose an image that has it in the setting "modalSandboxes.image".`;
