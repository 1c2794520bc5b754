import { abortable } from "../base/async";
import { isAbort } from "../base/errors";

/** Does the work, and says in a sentence what came of it if there is something to say. */
export type Pull = (signal: AbortSignal) => Promise<string | undefined>;

interface Waiting {
  readonly outcome: Promise<string | undefined>;
  readonly abort: AbortController;
  askers: number;
}

/** Pulls that wait for their turn: one that has not begun serves all who ask for the same meanwhile. */
export class SharedPulls {
  readonly #waiting = new Map<string, Waiting>();

  /**
   * @param key names what is pulled
   * @param inTurn has the work wait for its turn
   * @param signal ends the wait of this asker; when all have gone the work ends too
   */
  async pull(
    key: string,
    work: Pull,
    inTurn: (work: () => Promise<string | undefined>) => Promise<string | undefined>,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const shared = this.#waiting.get(key) ?? this.#begin(key, work, inTurn);
    shared.askers++;
    try {
      return await abortable(shared.outcome, signal);
    } catch (error) {
      if (isAbort(error) && --shared.askers === 0) shared.abort.abort();
      throw error;
    }
  }

  #begin(key: string, work: Pull, inTurn: Parameters<SharedPulls["pull"]>[2]): Waiting {
    const abort = new AbortController();
    const outcome = inTurn(() => {
      this.#waiting.delete(key);
      return work(abort.signal);
    });
    const waiting = { outcome, abort, askers: 0 };
    this.#waiting.set(key, waiting);
    return waiting;
  }
}
