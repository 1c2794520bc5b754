import { ServerError, Status } from "nice-grpc";

// The SDK retries UNKNOWN, INTERNAL, UNAVAILABLE, CANCELLED and DEADLINE_EXCEEDED for up to ten seconds, so a caller's
// own mistake needs one of these codes.

export const notFound = (message: string): ServerError => new ServerError(Status.NOT_FOUND, message);
export const alreadyExists = (message: string): ServerError => new ServerError(Status.ALREADY_EXISTS, message);
export const invalidArgument = (message: string): ServerError => new ServerError(Status.INVALID_ARGUMENT, message);
export const failedPrecondition = (message: string): ServerError =>
  new ServerError(Status.FAILED_PRECONDITION, message);
export const aborted = (message: string): ServerError => new ServerError(Status.ABORTED, message);
export const resourceExhausted = (message: string): ServerError => new ServerError(Status.RESOURCE_EXHAUSTED, message);
export const deadlineExceeded = (message: string): ServerError => new ServerError(Status.DEADLINE_EXCEEDED, message);
export const unauthenticated = (message: string): ServerError => new ServerError(Status.UNAUTHENTICATED, message);
export const unimplemented = (message: string): ServerError => new ServerError(Status.UNIMPLEMENTED, message);
export const internal = (message: string): ServerError => new ServerError(Status.INTERNAL, message);
