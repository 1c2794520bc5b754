import { codeOf, messageOf, UserError, type ErrorAction } from "../base/errors";

/** gRPC status codes, as the SDK's errors carry them. */
const status = {
  deadlineExceeded: "4",
  notFound: "5",
  permissionDenied: "7",
  resourceExhausted: "8",
  failedPrecondition: "9",
  unimplemented: "12",
  unavailable: "14",
  unauthenticated: "16",
} as const;

const signIn: ErrorAction = { title: "Sign In…", command: "modalSandboxes.signIn" };
const showLog: ErrorAction = { title: "Show Log", command: "modalSandboxes.showLog" };

/** Says in one sentence what an error of the SDK means. Errors it does not know come back as they are. */
export function translate(error: unknown): unknown {
  if (error instanceof UserError || !(error instanceof Error)) return error;
  const sentence = sentences[error.name]?.(error) ?? byStatus(error) ?? byText(error);
  return sentence ?? error;
}

/** Runs a call of the SDK and translates what it throws. */
export async function translated<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw translate(error);
  }
}

export const isNotFound = (error: unknown): boolean =>
  error instanceof Error &&
  (error.name === "NotFoundError" || codeOf(error) === status.notFound || isNotFound(error.cause));

export const sandboxGone = (cause?: unknown) =>
  new UserError("The sandbox is gone: it was terminated, or reached its lifetime or idle limit. Create another one.", {
    cause,
    code: SANDBOX_GONE,
    actions: [{ title: "Create Sandbox…", command: "modalSandboxes.createSandbox" }],
  });

export const isSandboxGone = (error: unknown): boolean => error instanceof UserError && error.code === SANDBOX_GONE;

/** The code of errors that say so. */
export const SANDBOX_GONE = "sandboxGone";

const sentences: Record<string, (error: Error) => UserError> = {
  ResourceExhaustedError: (cause) =>
    new UserError("Modal has no capacity for this sandbox right now. Try again, or pick another GPU.", { cause }),
  NotFoundError: (cause) => new UserError(sentenceOf(cause), { cause }),
  AlreadyExistsError: (cause) => new UserError(sentenceOf(cause), { cause }),
  InvalidError: (cause) => new UserError(sentenceOf(cause), { cause }),
  ConflictError: (cause) =>
    new UserError("The sandbox ended before it was ready. Try again, or see the log.", { cause, actions: [showLog] }),
  ClientClosedError: (cause) => new UserError("The connection to Modal was closed. Try again.", { cause }),
};

function byStatus(cause: Error): UserError | undefined {
  switch (codeOf(cause)) {
    case status.unauthenticated:
      return new UserError("Modal did not accept the token. Sign in again.", { cause, actions: [signIn] });
    case status.permissionDenied:
      return new UserError(`Modal refused this: ${detailsOf(cause)}`, { cause, actions: [signIn] });
    case status.unavailable:
    case status.deadlineExceeded:
      return new UserError("Modal cannot be reached. Check the network connection and try again.", {
        cause,
        actions: [showLog],
      });
    case status.resourceExhausted:
      return new UserError(`Modal's limit is reached: ${detailsOf(cause)} Wait a moment, or terminate a sandbox.`, {
        cause,
      });
    case status.notFound:
      return sandboxGone(cause);
    case status.failedPrecondition:
    case status.unimplemented:
      return new UserError(detailsOf(cause), { cause });
    default:
      return undefined;
  }
}

function byText(cause: Error): UserError | undefined {
  const [, reason] = /^Image build for \S+ failed with the exception:\s*([\s\S]*)/.exec(cause.message) ?? [];
  if (reason === undefined) return undefined;
  return new UserError(`The image cannot be built: ${sentence(reason)} Choose another image.`, {
    cause,
    actions: [
      {
        title: "Open Settings",
        command: "workbench.action.openSettings",
        arguments: ["modalSandboxes.image"],
      },
      showLog,
    ],
  });
}

const sentenceOf = (error: Error) => sentence(error.message);

const detailsOf = (error: Error) =>
  sentence("details" in error && typeof error.details === "string" ? error.details : messageOf(error));

const sentence = (text: string) => (/[.!?]$/.test(text.trim()) ? text.trim() : `${text.trim()}.`);
