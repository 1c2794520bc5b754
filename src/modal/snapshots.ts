import { abortable } from "../base/async";
import { UserError } from "../base/errors";
import type { Connection } from "./connection";
import { isNotFound, translate, translated } from "./errors";

/** The SDK's own 55 s are too short for large file systems. */
const TAKE_TIMEOUT_MS = 10 * 60_000;

/** How long to wait for the snapshot of an ended sandbox, which may still be in progress. */
const EXIT_TIMEOUT_MS = 5000;

/** Snapshots of file systems, which Modal keeps as images. */
export class SnapshotGateway {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** @returns the id of the image, which lives for `ttlMs` */
  async take(sandboxId: string, ttlMs: number, signal: AbortSignal): Promise<string> {
    const sandbox = await this.#connection.sandbox(sandboxId, signal);
    // A sandbox cannot be snapshotted before it has executed something.
    const first = await translated(sandbox.exec(["true"], { stdout: "ignore", stderr: "ignore" })).catch(notThere);
    await first?.wait().catch(() => undefined);
    signal.throwIfAborted();
    const taking = sandbox.snapshotFilesystem({ timeoutMs: TAKE_TIMEOUT_MS, ttlMs });
    const { imageId } = await abortable(translated(taking), signal).catch((error: unknown) => {
      throw error instanceof UserError ? failed(error) : error;
    });
    return imageId;
  }

  /** Returns the image of a sandbox's files at its end, or `undefined` if Modal kept none. Rejects while that is unknown. */
  async ofEnded(sandboxId: string, signal: AbortSignal): Promise<string | undefined> {
    const sandbox = await this.#connection.sandbox(sandboxId, signal);
    try {
      const { imageId } = await abortable(sandbox.experimentalGetExitSnapshot({ timeoutMs: EXIT_TIMEOUT_MS }), signal);
      return imageId;
    } catch (error) {
      if (error instanceof Error && NOTHING_KEPT.has(error.name)) return undefined;
      throw translate(error);
    }
  }

  /** Deletes the image. Does nothing if it has already expired. */
  async delete(imageId: string, signal: AbortSignal): Promise<void> {
    const client = await this.#connection.client(signal);
    try {
      await abortable(client.images.delete(imageId), signal);
    } catch (error) {
      if (!isNotFound(error)) throw translate(error);
    }
  }
}

const NOTHING_KEPT = new Set(["InvalidError", "NotFoundError", "SnapshotCreationError"]);

/** The image may lack the program, and the snapshot itself reports a sandbox that is gone. */
const notThere = () => undefined;

const failed = (cause: UserError) =>
  new UserError(`The snapshot could not be taken: ${cause.message}`, {
    cause,
    actions: cause.actions,
    ...(cause.code !== undefined && { code: cause.code }),
  });
