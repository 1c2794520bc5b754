import { messageOf } from "../../base/errors";
import { Emitter } from "../../base/event";
import type { Disposable } from "../../base/disposable";
import type { Logger } from "../../base/ports";

type Access = "read" | "written";

/**
 * Tracks if the records on disk can be read and written. Terminating a sandbox never waits for them. The user is
 * notified.
 */
export class RecordHealth implements Disposable {
  readonly #folder: string;
  readonly #log: Logger;
  readonly #failures = new Map<Access, string>();
  readonly #changed = new Emitter<void>();
  readonly onDidChangeProblem = this.#changed.event;

  constructor(folder: string, log: Logger) {
    this.#folder = folder;
    this.#log = log;
  }

  /** A message for the user while the records cannot be used. */
  get problem(): string | undefined {
    const [failure] = this.#failures.values();
    return failure;
  }

  /**
   * Accesses the records and tracks the outcome. `isProof`: success means that the problem is solved. Removing a file
   * proves nothing, because that works on a full disk.
   */
  async watch<T>(access: Access, work: () => Promise<T>, isProof = true): Promise<T> {
    try {
      const result = await work();
      if (isProof && this.#failures.delete(access)) this.#changed.fire();
      return result;
    } catch (error) {
      const failure = describeRecordFailure(this.#folder, access, error);
      if (this.#failures.get(access) !== failure) {
        this.#log.warn(failure);
        this.#failures.set(access, failure);
        this.#changed.fire();
      }
      throw error;
    }
  }

  /** Like `watch`, but returns `undefined` on failure. */
  async attempt<T>(access: Access, work: () => Promise<T>): Promise<T | undefined> {
    return this.watch(access, work).catch(() => undefined);
  }

  dispose(): void {
    this.#changed.dispose();
  }
}

const describeRecordFailure = (folder: string, access: Access, error: unknown): string =>
  `The records of sandboxes in ${folder} can't be ${access} (${messageOf(error)}).`;
