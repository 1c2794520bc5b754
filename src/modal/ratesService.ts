import type { ModalClient } from "modal";
import type { Disposable } from "../base/disposable";
import { messageOf } from "../base/errors";
import { Emitter } from "../base/event";
import type { Clock, Logger } from "../base/ports";
import type { Connection } from "./connection";
import { isRefusal } from "./errors";
import { listRates, readRates, type Rates, type RateSource } from "./rates";

/** How long an answer holds, or a refusal: prices change seldom, and not everybody may read them. */
const ASK_AGAIN_MS = 6 * 3_600_000;

/** How long to wait after any other failure. */
const RETRY_MS = 60_000;

/** Knows what the account pays; asks for it once in a while for each session. */
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

  /** The list's prices before the first answer, and where there is none. */
  get current(): Rates {
    return this.#current;
  }

  /** Asks where that is not known yet. A failure is only logged: the list's prices stand in. */
  async refresh(signal: AbortSignal): Promise<void> {
    const client = await this.#connection.client(signal);
    const now = this.#clock.now();
    if (this.#asked?.client === client && now < this.#asked.until) return;

    const asked = { client, until: now + ASK_AGAIN_MS };
    this.#asked = asked;
    try {
      const { rates } = await client.cpClient.workspaceBillingRates({}, { signal });
      const read = readRates(rates);
      if (!read) this.#log.info(`No rates are recognised among ${Object.keys(rates).join(", ") || "nothing"}.`);
      if (this.#asked === asked) this.#set(read ?? listRates);
    } catch (error) {
      if (this.#asked === asked && signal.aborted) this.#asked = undefined;
      else if (this.#asked === asked && !isRefusal(error)) this.#asked = { client, until: now + RETRY_MS };
      if (!signal.aborted) this.#log.info(`The workspace's rates are not known: ${messageOf(error)}`);
    }
  }

  /** Nobody is signed in any more, or somebody else. */
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
