import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { isObject } from "../../base/guards";
import type { Disposable } from "../../base/disposable";
import { every, Lazy } from "../../base/async";
import { messageOf } from "../../base/errors";
import type { Clock, Logger } from "../../base/ports";
import { isAlive, ownIdentity, type ProcessIdentity } from "../../base/processIdentity";
import { RecordFolder } from "../../base/recordFolder";

export interface WindowsOptions {
  /** Shared by all windows of this installation. */
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The record that a window keeps on disk while it is open. */
interface WindowRecord extends ProcessIdentity {
  /** When the window last showed that it is alive, in milliseconds since the epoch. */
  readonly seenAt: number;
}

const HEARTBEAT_MS = 15_000;

/**
 * If the system cannot tell processes apart by their start time, a window that has been silent for this long counts as
 * gone.
 */
const SILENCE_MS = 90_000;

/**
 * Tracks which windows of this installation are open, so that each leaves alone the sandboxes that another one holds.
 */
export class Windows implements Disposable {
  /** The id of this window. */
  readonly id = randomBytes(6).toString("hex");
  readonly #options: WindowsOptions;
  readonly #records: RecordFolder<WindowRecord>;
  readonly #shown = new Lazy(() => this.#beat());
  #heartbeat: Disposable | undefined;

  constructor(options: WindowsOptions) {
    this.#options = options;
    this.#records = new RecordFolder(join(options.folder, "windows"), parseRecord);
  }

  /** Announces this window to the others. Required before it may hold anything. */
  async show(): Promise<void> {
    await this.#shown.get();
    this.#heartbeat ??= every(HEARTBEAT_MS, () => {
      this.#beat().catch((error: unknown) =>
        this.#options.log.warn(`Recording that this window is open failed: ${messageOf(error)}`),
      );
    });
  }

  /** Returns the open windows, including this one, and removes the records of the others. */
  async living(): Promise<ReadonlySet<string>> {
    const records = await this.#records.all();
    const living = new Set([this.id]);
    for (const [id, record] of records) {
      if (id === this.id || (await this.#isAlive(record))) living.add(id);
      else await this.#forget(id);
    }
    return living;
  }

  /** Releases everything that this window held. */
  async leave(): Promise<void> {
    this.dispose();
    await this.#records.remove(this.id);
  }

  dispose(): void {
    this.#heartbeat?.dispose();
  }

  /** A record that cannot be removed only costs time. */
  async #forget(id: string): Promise<void> {
    try {
      await this.#records.remove(id);
    } catch (error) {
      this.#options.log.debug(`Removing the record of window ${id} failed: ${messageOf(error)}`);
    }
  }

  async #beat(): Promise<void> {
    await this.#records.put(this.id, { ...(await ownIdentity()), seenAt: this.#options.clock.now() });
  }

  async #isAlive(record: WindowRecord): Promise<boolean> {
    return (await isAlive(record)) ?? this.#options.clock.now() - record.seenAt < SILENCE_MS;
  }
}

function parseRecord(value: unknown): WindowRecord | undefined {
  if (!isObject(value)) return undefined;
  const { pid, start, seenAt }: Partial<Record<keyof WindowRecord, unknown>> = value;
  if (typeof pid !== "number" || typeof seenAt !== "number") return undefined;
  return { pid, seenAt, start: typeof start === "string" ? start : undefined };
}
