import { abortError, onAbort } from "../../base/async";

/** A value that comes once. Unlike a promise it forgets those who stop waiting for it. */
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

  wait(signal: AbortSignal): Promise<T> {
    if (this.#arrived) return Promise.resolve(this.#arrived.value);
    return new Promise((resolve, reject) => {
      const resume = (value: T) => {
        stopListening();
        resolve(value);
      };
      this.#waiting.add(resume);
      const stopListening = onAbort(signal, () => {
        this.#waiting.delete(resume);
        reject(abortError());
      });
    });
  }
}
