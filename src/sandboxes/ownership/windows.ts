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

/** What a window leaves on disk while it lives. */
interface WindowRecord extends ProcessIdentity {
  /** Milliseconds since the epoch: when it last showed that it lives. */
  readonly seenAt: number;
}

const HEARTBEAT_MS = 15_000;

/** Where the system does not tell one process from the next by its start, a window that was silent for so long is gone. */
const SILENCE_MS = 90_000;

/** Which windows of this installation live, so that each leaves alone what another one holds. */
export class Windows implements Disposable {
  /** This window. */
  readonly id = randomBytes(6).toString("hex");
  readonly #options: WindowsOptions;
  readonly #records: RecordFolder<WindowRecord>;
  readonly #shown = new Lazy(() => this.#beat());
  #heartbeat: Disposable | undefined;

  constructor(options: WindowsOptions) {
    this.#options = options;
    this.#records = new RecordFolder(join(options.folder, "windows"), parseRecord);
  }

  /** Lets the others know of this window; needed before it holds anything. */
  async show(): Promise<void> {
    await this.#shown.get();
    this.#heartbeat ??= every(HEARTBEAT_MS, () => {
      this.#beat().catch((error: unknown) => {
        this.#options.log.warn(`Heartbeat of the window: ${messageOf(error)}`);
      });
    });
  }

  /** The windows that live, this one among them. Forgets those that do not. */
  async living(): Promise<ReadonlySet<string>> {
    const records = await this.#records.all();
    const living = new Set([this.id]);
    for (const [id, record] of records) {
      if (id === this.id || (await this.#isAlive(record))) living.add(id);
      else await this.#forget(id);
    }
    return living;
  }

  /** Lets go of everything that this window held. */
  async leave(): Promise<void> {
    this.dispose();
    await this.#records.remove(this.id);
  }

  dispose(): void {
    this.#heartbeat?.dispose();
  }

  /** A record that stays is only read in vain. */
  async #forget(id: string): Promise<void> {
    try {
      await this.#records.remove(id);
    } catch (error) {
      this.#options.log.debug(`Record of the window ${id}: ${messageOf(error)}`);
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
