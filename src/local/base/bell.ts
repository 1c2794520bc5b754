import { abortError, onAbort } from "../../base/async";

/**
 * Wakes everyone who is waiting for a change. They look up the change themselves, so a ring is lost if nobody is
 * waiting.
 */
export class Bell {
  readonly #waiting = new Set<() => void>();

  ring(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  next(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const wake = () => {
        this.#waiting.delete(wake);
        stopListening();
        resolve();
      };
      this.#waiting.add(wake);
      const stopListening = onAbort(signal, () => {
        this.#waiting.delete(wake);
        reject(abortError());
      });
    });
  }
}
