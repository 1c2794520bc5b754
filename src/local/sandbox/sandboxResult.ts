import type { ProcessExit } from "../base/isolation";

/** Modal's `GenericStatus`. */
export const resultStatus = {
  success: 1,
  failure: 2,
  terminated: 3,
  timeout: 4,
  initFailure: 5,
  idleTimeout: 7,
} as const;

/** The way a sandbox ended. */
export interface SandboxResult {
  readonly status: (typeof resultStatus)[keyof typeof resultStatus];
  readonly exitCode: number;
  readonly message: string;
}

// A shell's exit code for SIGKILL, and that of `timeout`.
const KILLED = 137;
const TIMED_OUT = 124;

export const terminated: SandboxResult = { status: resultStatus.terminated, exitCode: KILLED, message: "" };
export const timedOut: SandboxResult = { status: resultStatus.timeout, exitCode: TIMED_OUT, message: "" };
export const idle: SandboxResult = { status: resultStatus.idleTimeout, exitCode: KILLED, message: "" };

/** The result of a sandbox whose processes were removed from outside. */
export const lost: SandboxResult = {
  status: resultStatus.failure,
  exitCode: KILLED,
  message: "The sandbox's processes were killed from outside, or it ran out of memory.",
};

export const couldNotStart = (message: string): SandboxResult => ({
  status: resultStatus.initFailure,
  exitCode: 1,
  message,
});

/** The result of a sandbox whose command ended on its own. */
export function ended(exit: ProcessExit): SandboxResult {
  const exitCode = exit.kind === "code" ? exit.code : 128 + exit.signal;
  return { status: exitCode === 0 ? resultStatus.success : resultStatus.failure, exitCode, message: "" };
}
