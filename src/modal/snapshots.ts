import { abortable } from "../base/async";
import { UserError } from "../base/errors";
import type { Connection } from "./connection";
import { isNotFound, translate, translated } from "./errors";

/** A file system may be large: the SDK's own 55 s are too few for many. */
const TAKE_TIMEOUT_MS = 10 * 60_000;

/** How long to wait for the snapshot of a sandbox that has ended, which may still be under way. */
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
    // One that has only just started cannot be snapshot before it has executed something.
    const first = await translated(sandbox.exec(["true"], { stdout: "ignore", stderr: "ignore" })).catch(notThere);
    await first?.wait().catch(() => undefined);
    signal.throwIfAborted();
    const taking = sandbox.snapshotFilesystem({ timeoutMs: TAKE_TIMEOUT_MS, ttlMs });
    const { imageId } = await abortable(translated(taking), signal).catch((error: unknown) => {
      throw error instanceof UserError ? failed(error) : error;
    });
    return imageId;
  }

  /** What Modal kept of a sandbox as it ended; `undefined` where it kept nothing. Rejects while it is not known. */
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

  /** Deletes the image; one that has expired already is no error. */
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

/** An image may lack the program; a sandbox that is gone is told by the snapshot itself. */
const notThere = () => undefined;

const failed = (cause: UserError) =>
  new UserError(`The snapshot could not be taken: ${cause.message}`, {
    cause,
    actions: cause.actions,
    ...(cause.code !== undefined && { code: cause.code }),
  });
