import { abortError, onAbort } from "../../base/async";

/** Wakes whoever waits for a change. What has changed is theirs to see, so a ring that nobody waits for is lost. */
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
