import assert from "node:assert/strict";
import { describe, it } from "mocha";
import * as sdk from "modal";
import { ClientError, Status } from "nice-grpc";
import { UserError } from "../../../src/base/errors";
import { isNotFound, isSandboxGone, translate } from "../../../src/modal/errors";

/** The title of the way out of each of the SDK's errors. */
const ways: Readonly<Record<string, string>> = {
  AlreadyExistsError: "Refresh Sandboxes",
  ClientClosedError: "Show Log",
  ConflictError: "Show Log",
  ExecutionError: "Show Log",
  FunctionTimeoutError: "Show Log",
  InternalFailure: "Show Log",
  InvalidError: "Open Settings",
  NotFoundError: "Refresh Sandboxes",
  QueueEmptyError: "Show Log",
  QueueFullError: "Show Log",
  RemoteError: "Show Log",
  ResourceExhaustedError: "Create Sandbox…",
  SandboxFilesystemDirectoryNotEmptyError: "Show Log",
  SandboxFilesystemError: "Show Log",
  SandboxFilesystemFileTooLargeError: "Show Log",
  SandboxFilesystemIsADirectoryError: "Show Log",
  SandboxFilesystemNotADirectoryError: "Show Log",
  SandboxFilesystemNotFoundError: "Refresh Sandboxes",
  SandboxFilesystemPathAlreadyExistsError: "Show Log",
  SandboxFilesystemPermissionError: "Show Log",
  SandboxTimeoutError: "Refresh Sandboxes",
  SnapshotCreationError: "Show Log",
  TimeoutError: "Show Log",
};

const statusWays: Readonly<Record<string, string>> = {
  CANCELLED: "Show Log",
  UNKNOWN: "Show Log",
  INVALID_ARGUMENT: "Open Settings",
  DEADLINE_EXCEEDED: "Show Log",
  NOT_FOUND: "Create Sandbox…",
  ALREADY_EXISTS: "Show Log",
  PERMISSION_DENIED: "Sign In…",
  RESOURCE_EXHAUSTED: "Show Sandboxes",
  FAILED_PRECONDITION: "Show Log",
  ABORTED: "Show Log",
  OUT_OF_RANGE: "Open Settings",
  UNIMPLEMENTED: "Show Log",
  INTERNAL: "Show Log",
  UNAVAILABLE: "Show Log",
  DATA_LOSS: "Show Log",
  UNAUTHENTICATED: "Sign In…",
};

describe("every error of the SDK", () => {
  const classes = Object.keys(sdk).filter((name) => /(Error|Failure)$/.test(name));

  it("is in the table", () => assert.deepEqual([...classes].sort(), Object.keys(ways)));

  for (const [name, way] of Object.entries(ways))
    it(`is translated into a message with a remedy: ${name}`, () => {
      const error = new Error("it went wrong");
      error.name = name;
      isSentence(translate(error), error, way);
    });

  for (const [name, way] of Object.entries(statusWays))
    it(`is translated into a message with a remedy: status ${name}`, () => {
      const code = Object.entries(Status).find(([key]) => key === name)?.[1];
      assert.ok(typeof code === "number");
      const error = new ClientError("/modal.client.ModalClient/SandboxCreateV2", code, "it went wrong");
      isSentence(translate(error), error, way);
    });

  it("keeps its kind if callers depend on it", () => {
    const gone = translate(new ClientError("/x", Status.NOT_FOUND, "no such sandbox"));
    assert.ok(isSandboxGone(gone) && isNotFound(gone));
    assert.ok(!isNotFound(translate(new ClientError("/x", Status.INTERNAL, "no"))));
  });

  it("is translated, and any other error stays as it is", () => {
    for (const error of [new TypeError("a bug"), new DOMException("cancelled", "AbortError"), "text", undefined])
      assert.equal(translate(error), error);
  });

  function isSentence(translated: unknown, cause: Error, way: string): void {
    assert.ok(translated instanceof UserError);
    assert.match(translated.message, /^[A-Zi].*\.$/);
    assert.doesNotMatch(translated.message, /Error|undefined|\/modal\.client/);
    assert.deepEqual(
      translated.actions.map(({ title }) => title),
      [way],
    );
    assert.equal(translated.cause, cause);
  }
});
