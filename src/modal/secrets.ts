import { abortable } from "../base/async";
import { Emitter } from "../base/event";
import type { Clock } from "../base/ports";
import type { Connection } from "./connection";
import { translated } from "./errors";
import { createSecret, listSecrets, type StoredSecret } from "./storageRpc";

/** The environment's secrets by name. Their values can be written but never read. */
export class SecretGateway {
  readonly #connection: Connection;
  readonly #environment: () => string;
  readonly #clock: Clock;
  readonly #changed = new Emitter<undefined>();
  /** Fires when one was created or deleted by this extension. */
  readonly onDidChangeSecrets = this.#changed.event;

  constructor(connection: Connection, environment: () => string, clock: Clock) {
    this.#connection = connection;
    this.#environment = environment;
    this.#clock = clock;
  }

  async list(signal: AbortSignal): Promise<StoredSecret[]> {
    const client = await this.#connection.client(signal);
    return listSecrets(client, { environment: this.#environment(), now: this.#clock.now() }, signal);
  }

  /** Rejects if the name is taken. */
  async create(name: string, values: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void> {
    const client = await this.#connection.client(signal);
    await createSecret(client, { name, environment: this.#environment(), values }, signal);
    this.#changed.fire(undefined);
  }

  async delete(name: string, signal: AbortSignal): Promise<void> {
    const { secrets } = await this.#connection.client(signal);
    const environment = this.#environment();
    await abortable(translated(secrets.delete(name, { environment, allowMissing: true })), signal);
    this.#changed.fire(undefined);
  }
}
