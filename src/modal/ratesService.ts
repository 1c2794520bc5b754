import type { ModalClient } from "modal";
import type { Disposable } from "../base/disposable";
import { messageOf } from "../base/errors";
import { Emitter } from "../base/event";
import type { Clock, Logger } from "../base/ports";
import type { Connection } from "./connection";
import { isRefusal } from "./errors";
import { listRates, readRates, type Rates, type RateSource } from "./rates";

/** How long an answer or a refusal is valid. Prices rarely change, and not every user may read them. */
const ASK_AGAIN_MS = 6 * 3_600_000;

/** The wait after any other failure. */
const RETRY_MS = 60_000;

/** Holds the account's rates and refreshes them occasionally. */
export class RatesService implements RateSource, Disposable {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #changed = new Emitter<Rates>();
  readonly onDidChangeRates = this.#changed.event;
  #current = listRates;
  #asked: { readonly client: ModalClient; readonly until: number } | undefined;

  constructor(connection: Connection, clock: Clock, log: Logger) {
    this.#connection = connection;
    this.#clock = clock;
    this.#log = log;
  }

  /** List prices until there is an answer. */
  get current(): Rates {
    return this.#current;
  }

  /** Requests the rates if they are unknown. A failure is only logged, and list prices are used. */
  async refresh(signal: AbortSignal): Promise<void> {
    const client = await this.#connection.client(signal);
    const now = this.#clock.now();
    if (this.#asked?.client === client && now < this.#asked.until) return;

    const asked = { client, until: now + ASK_AGAIN_MS };
    this.#asked = asked;
    try {
      const { rates } = await client.cpClient.workspaceBillingRates({}, { signal });
      const read = readRates(rates);
      if (!read) this.#log.info(`No rates are recognized among ${Object.keys(rates).join(", ") || "nothing"}.`);
      if (this.#asked === asked) this.#set(read ?? listRates);
    } catch (error) {
      if (this.#asked === asked && signal.aborted) this.#asked = undefined;
      else if (this.#asked === asked && !isRefusal(error)) this.#asked = { client, until: now + RETRY_MS };
      if (!signal.aborted) this.#log.info(`The workspace's rates are unknown: ${messageOf(error)}`);
    }
  }

  /** The session has changed. */
  forget(): void {
    this.#asked = undefined;
    this.#set(listRates);
  }

  dispose(): void {
    this.#changed.dispose();
  }

  #set(rates: Rates): void {
    this.#current = rates;
    this.#changed.fire(rates);
  }
}
