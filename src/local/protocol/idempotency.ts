import type { CallContext } from "nice-grpc";

// Longer than the client keeps retrying.
const RETENTION_MS = 2 * 60 * 1000;

/** Does the work of a call once, however often a client sends it with the same key. */
export class Idempotency<T> {
  readonly #results = new Map<string, Promise<T>>();

  run(key: string | undefined, work: () => Promise<T>): Promise<T> {
    const known = key === undefined ? undefined : this.#results.get(key);
    if (known) return known;

    const result = work();
    if (key !== undefined) this.#keep(key, result);
    return result;
  }

  #keep(key: string, result: Promise<T>): void {
    const forget = () => this.#results.delete(key);
    this.#results.set(key, result);
    result.catch(forget);
    setTimeout(forget, RETENTION_MS).unref();
  }
}

/** The key that a client sends with every attempt of the same call. */
export const idempotencyKey = (context: CallContext): string | undefined => context.metadata.get("x-idempotency-key");
