/** Reports at most one value per interval, always the latest, and always the last one. */
export class ProgressReporter<T> {
  readonly #report: (value: T) => void;
  readonly #intervalMs: number;
  #latest: { readonly value: T } | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(report: (value: T) => void, intervalMs: number) {
    this.#report = report;
    this.#intervalMs = intervalMs;
  }

  report(value: T): void {
    this.#latest = { value };
    if (this.#timer === undefined) this.#pass();
  }

  /** Reports the pending value, and stops. */
  finish(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#latest) this.#report(this.#latest.value);
    this.#latest = undefined;
  }

  #pass(): void {
    this.#timer = undefined;
    if (!this.#latest) return;
    this.#report(this.#latest.value);
    this.#latest = undefined;
    this.#timer = setTimeout(() => this.#pass(), this.#intervalMs);
  }
}
