import { abortable } from "../base/async";
import { Emitter } from "../base/event";
import type { Clock } from "../base/ports";
import type { Connection } from "./connection";
import { translated } from "./errors";
import { listVolumes, type StoredObject } from "./storageRpc";

/** The environment's volumes by name. */
export class VolumeGateway {
  readonly #connection: Connection;
  readonly #environment: () => string;
  readonly #clock: Clock;
  readonly #changed = new Emitter<undefined>();
  /** Fires when one was created or deleted by this extension. */
  readonly onDidChangeVolumes = this.#changed.event;

  constructor(connection: Connection, environment: () => string, clock: Clock) {
    this.#connection = connection;
    this.#environment = environment;
    this.#clock = clock;
  }

  async list(signal: AbortSignal): Promise<StoredObject[]> {
    const client = await this.#connection.client(signal);
    return listVolumes(client, { environment: this.#environment(), now: this.#clock.now() }, signal);
  }

  /** Leaves an existing volume as it is. */
  async create(name: string, signal: AbortSignal): Promise<void> {
    const { volumes } = await this.#connection.client(signal);
    const environment = this.#environment();
    await abortable(translated(volumes.fromName(name, { environment, createIfMissing: true })), signal);
    this.#changed.fire(undefined);
  }

  /** Deletes the volume and its contents. */
  async delete(name: string, signal: AbortSignal): Promise<void> {
    const { volumes } = await this.#connection.client(signal);
    const environment = this.#environment();
    await abortable(translated(volumes.delete(name, { environment, allowMissing: true })), signal);
    this.#changed.fire(undefined);
  }
}
