import { toDisposable, type Disposable } from "../../base/disposable";

/** Detects that a sandbox has been idle for its idle time. The clock starts with `start`. */
export class Activity implements Disposable {
  readonly #idleMs: number | undefined;
  readonly #onIdle: () => void;
  #running = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOn = false;

  constructor(idleMs: number | undefined, onIdle: () => void) {
    this.#idleMs = idleMs;
    this.#onIdle = onIdle;
  }

  start(): void {
    this.#isOn = true;
    this.touch();
  }

  /** Records a momentary activity. */
  touch(): void {
    clearTimeout(this.#timer);
    if (this.#isOn && this.#running === 0 && this.#idleMs !== undefined)
      this.#timer = setTimeout(this.#onIdle, this.#idleMs);
  }

  /** Records an activity that lasts until the result is disposed. */
  begin(): Disposable {
    let isFinished = false;
    this.#running += 1;
    this.touch();
    return toDisposable(() => {
      if (isFinished) return;
      isFinished = true;
      this.#running -= 1;
      this.touch();
    });
  }

  dispose(): void {
    this.#isOn = false;
    clearTimeout(this.#timer);
  }
}
