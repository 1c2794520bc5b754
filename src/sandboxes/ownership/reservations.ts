import { join } from "node:path";
import { isObject } from "../../base/guards";
import { messageOf } from "../../base/errors";
import type { Logger } from "../../base/ports";
import { RecordFolder } from "../../base/recordFolder";
import type { Windows } from "./windows";

export interface ReservationsOptions {
  /** Shared by all windows of this installation. */
  readonly folder: string;
  readonly windows: Pick<Windows, "id" | "living">;
  /** Runs `work` while all other windows wait. They know of this window by then. */
  readonly exclusively: <T>(work: () => Promise<T>) => Promise<T>;
  readonly log: Logger;
}

interface Reservation {
  readonly windowId: string;
}

/**
 * The tasks that only one window may do at a time, such as resuming a paused sandbox. The reservations of a closed
 * window lapse.
 */
export class Reservations {
  readonly #options: ReservationsOptions;
  readonly #records: RecordFolder<Reservation>;
  readonly #own = new Set<string>();

  constructor(options: ReservationsOptions) {
    this.#options = options;
    this.#records = new RecordFolder(join(options.folder, "reservations"), parseReservation);
  }

  /** Returns `false` if this window or another one already does the task. */
  async take(task: string): Promise<boolean> {
    const { windows, exclusively } = this.#options;
    return exclusively(async () => {
      const known = await this.#records.get(task);
      if (known && this.#isCurrent(task, known.windowId, await windows.living())) return false;
      await this.#records.put(task, { windowId: windows.id });
      this.#own.add(task);
      return true;
    });
  }

  /** Ends the reservation after the task is finished or has failed. */
  async giveBack(task: string): Promise<void> {
    const { log } = this.#options;
    try {
      await this.#records.remove(task);
    } catch (error) {
      log.warn(`Releasing the reservation "${task}" failed: ${messageOf(error)}`);
    }
    this.#own.delete(task);
  }

  /** True while this window does the task. */
  has(task: string): boolean {
    return this.#own.has(task);
  }

  /** The tasks that this window or another one is doing. */
  async all(): Promise<ReadonlySet<string>> {
    const records = await this.#records.all();
    if (records.size === 0) return new Set();
    const living = await this.#options.windows.living();
    const current = [...records].filter(([task, { windowId }]) => this.#isCurrent(task, windowId, living));
    return new Set(current.map(([task]) => task));
  }

  #isCurrent(task: string, windowId: string, living: ReadonlySet<string>): boolean {
    return windowId === this.#options.windows.id ? this.#own.has(task) : living.has(windowId);
  }
}

function parseReservation(value: unknown): Reservation | undefined {
  return isObject(value) && typeof value.windowId === "string" ? { windowId: value.windowId } : undefined;
}
