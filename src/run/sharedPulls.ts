import { abortable } from "../base/async";
import { isAbort } from "../base/errors";

/** Pulls, and returns a message for the user if there is something to report. */
export type Pull = (signal: AbortSignal) => Promise<string | undefined>;

interface Waiting {
  readonly outcome: Promise<string | undefined>;
  readonly abort: AbortController;
  requests: number;
}

/**
 * Shares pulls that are waiting for their turn: a pull that has not begun serves everyone who requests the same one.
 */
export class SharedPulls {
  readonly #waiting = new Map<string, Waiting>();

  /**
   * @param key identifies the pull
   * @param inTurn makes the work wait for its turn
   * @param signal cancels this request. The pull is canceled when all requests for it are.
   */
  async pull(
    key: string,
    work: Pull,
    inTurn: (work: () => Promise<string | undefined>) => Promise<string | undefined>,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const shared = this.#waiting.get(key) ?? this.#begin(key, work, inTurn);
    shared.requests++;
    try {
      return await abortable(shared.outcome, signal);
    } catch (error) {
      if (isAbort(error) && --shared.requests === 0) shared.abort.abort();
      throw error;
    }
  }

  #begin(key: string, work: Pull, inTurn: Parameters<SharedPulls["pull"]>[2]): Waiting {
    const abort = new AbortController();
    const outcome = inTurn(() => {
      this.#waiting.delete(key);
      return work(abort.signal);
    });
    const waiting = { outcome, abort, requests: 0 };
    this.#waiting.set(key, waiting);
    return waiting;
  }
}
