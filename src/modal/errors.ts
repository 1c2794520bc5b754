import { codeOf, messageOf, UserError, type ErrorAction } from "../base/errors";

/** gRPC status codes in the SDK's errors. */
const status = {
  cancelled: "1",
  unknown: "2",
  invalidArgument: "3",
  deadlineExceeded: "4",
  notFound: "5",
  alreadyExists: "6",
  permissionDenied: "7",
  resourceExhausted: "8",
  failedPrecondition: "9",
  aborted: "10",
  outOfRange: "11",
  unimplemented: "12",
  internal: "13",
  unavailable: "14",
  dataLoss: "15",
  unauthenticated: "16",
} as const;

const signIn: ErrorAction = { title: "Sign In…", command: "modalSandboxes.signIn" };
const showLog: ErrorAction = { title: "Show Log", command: "modalSandboxes.showLog" };
const openSettings: ErrorAction = { title: "Open Settings", command: "modalSandboxes.openSettings" };
const refresh: ErrorAction = { title: "Refresh Sandboxes", command: "modalSandboxes.refreshSandboxes" };
const createSandbox: ErrorAction = { title: "Create Sandbox…", command: "modalSandboxes.createSandbox" };
const showSandboxes: ErrorAction = { title: "Show Sandboxes", command: "modalSandboxes.sandboxes.focus" };

/** Turns an error of the SDK into a `UserError`. Returns unknown errors as they are. */
export function translate(error: unknown): unknown {
  if (error instanceof UserError || !(error instanceof Error)) return error;
  const sentence = sentences[error.name]?.(error) ?? byStatus(error);
  return sentence ?? error;
}

/** Awaits a call of the SDK and translates its error. */
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

/** True if the server refuses this kind of call, whatever its arguments. */
export const isRefusal = (error: unknown): boolean =>
  codeOf(error) === status.permissionDenied || codeOf(error) === status.unimplemented;

/** True if the error is about the connection, not about the requested object. */
export const isConnectionLost = (error: unknown): boolean =>
  error instanceof Error &&
  (error.name === "ClientClosedError" || connectionCodes.has(codeOf(error) ?? "") || isConnectionLost(error.cause));

export const sandboxGone = (cause?: unknown) =>
  new UserError("The sandbox is gone: it was terminated, or reached its lifetime or idle limit. Create another one.", {
    cause,
    code: SANDBOX_GONE,
    actions: [createSandbox],
  });

export const isSandboxGone = (error: unknown): boolean => error instanceof UserError && error.code === SANDBOX_GONE;

export const isNoCapacity = (error: unknown): boolean => error instanceof UserError && error.code === NO_CAPACITY;

/** The code of errors for a lack of free machines. */
export const NO_CAPACITY = "noCapacity";

/** The code of errors for a sandbox that has ended. */
export const SANDBOX_GONE = "sandboxGone";

const connectionCodes: ReadonlySet<string> = new Set([
  status.cancelled,
  status.unknown,
  status.deadlineExceeded,
  status.aborted,
  status.internal,
  status.unavailable,
]);

/** Keyed by the name of the SDK's error class. */
const sentences: Record<string, (error: Error) => UserError> = {
  ResourceExhaustedError: (cause) =>
    new UserError("Modal has no capacity for this sandbox right now. Try again, or pick another GPU.", {
      cause,
      actions: [createSandbox],
    }),
  NotFoundError: inItsWords(refresh),
  AlreadyExistsError: inItsWords(refresh),
  InvalidError: inItsWords(openSettings),
  ConflictError: (cause) =>
    new UserError("The sandbox ended before it was ready. Try again, or see the log.", { cause, actions: [showLog] }),
  ClientClosedError: userError("The connection to Modal was closed. Try again."),
  TimeoutError: userError("Modal took too long to answer. Try again in a moment."),
  SandboxTimeoutError: userError("The sandbox took too long. Try again, or see whether it still runs.", refresh),
  SnapshotCreationError: (cause) =>
    new UserError(`Modal could not take the snapshot: ${sentenceOf(cause)} Try again.`, { cause, actions: [showLog] }),
  ExecutionError: inItsWords(showLog),
  RemoteError: inItsWords(showLog),
  FunctionTimeoutError: userError("The function reached its time limit. Give it more time, or less to do."),
  InternalFailure: userError("Modal had an internal problem. Try again in a moment."),
  QueueEmptyError: userError("The queue is empty."),
  QueueFullError: userError("The queue is full. Try again after an item is taken from it."),
  SandboxFilesystemError: inItsWords(showLog),
  SandboxFilesystemNotFoundError: inItsWords(refresh),
  SandboxFilesystemPathAlreadyExistsError: inItsWords(showLog),
  SandboxFilesystemPermissionError: inItsWords(showLog),
  SandboxFilesystemIsADirectoryError: inItsWords(showLog),
  SandboxFilesystemNotADirectoryError: inItsWords(showLog),
  SandboxFilesystemDirectoryNotEmptyError: inItsWords(showLog),
  SandboxFilesystemFileTooLargeError: inItsWords(showLog),
};

function inItsWords(action: ErrorAction) {
  return (cause: Error) => new UserError(sentenceOf(cause), { cause, actions: [action] });
}

function userError(message: string, action = showLog) {
  return (cause: Error) => new UserError(message, { cause, actions: [action] });
}

function byStatus(cause: Error): UserError | undefined {
  switch (codeOf(cause)) {
    case status.unauthenticated:
      return new UserError("Modal did not accept the token. Sign in again.", { cause, actions: [signIn] });
    case status.permissionDenied:
      return new UserError(`Modal refused this: ${detailsOf(cause)}`, { cause, actions: [signIn] });
    case status.unavailable:
    case status.deadlineExceeded:
      return userError(
        /certificate/i.test(detailsOf(cause))
          ? untrustedCertificate("Modal")
          : "Modal cannot be reached. Check the network connection and try again.",
      )(cause);
    case status.resourceExhausted:
      return new UserError(`Modal's limit is reached: ${detailsOf(cause)} Wait a moment, or terminate a sandbox.`, {
        cause,
        actions: [showSandboxes],
      });
    case status.notFound:
      return sandboxGone(cause);
    case status.invalidArgument:
    case status.outOfRange:
      return new UserError(detailsOf(cause), { cause, actions: [openSettings] });
    case status.alreadyExists:
    case status.failedPrecondition:
    case status.unimplemented:
      return new UserError(detailsOf(cause), { cause, actions: [showLog] });
    case status.cancelled:
    case status.aborted:
      return userError("Modal aborted the call. Try again.")(cause);
    case status.unknown:
    case status.internal:
    case status.dataLoss:
      return new UserError(`Modal had an internal problem: ${detailsOf(cause)} Try again in a moment.`, {
        cause,
        actions: [showLog],
      });
    default:
      return undefined;
  }
}

/** gRPC uses Node's own certificates and those of that file, but not the system's. */
export const untrustedCertificate = (host: string): string =>
  `The certificate of ${host} is not trusted. A firewall or a proxy may be inspecting the connection. Set the environment variable NODE_EXTRA_CA_CERTS to its certificate file, and restart VS Code.`;

const sentenceOf = (error: Error) => sentence(error.message);

const detailsOf = (error: Error) =>
  sentence("details" in error && typeof error.details === "string" ? error.details : messageOf(error));

const sentence = (text: string) => (/[.!?]$/.test(text.trim()) ? text.trim() : `${text.trim()}.`);
