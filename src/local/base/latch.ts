import { abortError, Deferred, onAbort } from "../../base/async";

/** A value that is set once. Unlike a promise, it releases callers that stop waiting. */
export class Latch<T> {
  readonly #waiting = new Set<(value: T) => void>();
  #arrived: { readonly value: T } | undefined;

  get value(): T | undefined {
    return this.#arrived?.value;
  }

  set(value: T): void {
    if (this.#arrived) return;
    this.#arrived = { value };
    for (const resume of this.#waiting) resume(value);
    this.#waiting.clear();
  }

  async wait(signal?: AbortSignal): Promise<T> {
    if (this.#arrived) return this.#arrived.value;
    const arrived = new Deferred<T>();
    const resume = (value: T) => arrived.resolve(value);
    this.#waiting.add(resume);
    const stopListening = signal && onAbort(signal, () => arrived.reject(abortError()));
    try {
      return await arrived.promise;
    } finally {
      stopListening?.();
      this.#waiting.delete(resume);
    }
  }
}
