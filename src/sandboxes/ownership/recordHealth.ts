import { messageOf } from "../../base/errors";
import { Emitter } from "../../base/event";
import type { Disposable } from "../../base/disposable";
import type { Logger } from "../../base/ports";

type Access = "read" | "written";

/** Whether the records on disk can be read and written. What ends a sandbox never waits for that; the user is told. */
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

  /** A sentence for the user while something is wrong. */
  get problem(): string | undefined {
    const [failure] = this.#failures.values();
    return failure;
  }

  /**
   * Does something with the records and takes note of how that went. `isProof`: once it worked, nothing is wrong. A full
   * disk still removes files.
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

  /** The same for what can be done without. */
  async attempt<T>(access: Access, work: () => Promise<T>): Promise<T | undefined> {
    return this.watch(access, work).catch(() => undefined);
  }

  dispose(): void {
    this.#changed.dispose();
  }
}

const describeRecordFailure = (folder: string, access: Access, error: unknown): string =>
  `The records of sandboxes in ${folder} cannot be ${access} (${messageOf(error)}).`;
