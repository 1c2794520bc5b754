import { toDisposable, type Disposable } from "./disposable";

/** An `AbortError`, as `AbortSignal` consumers expect it. */
export const abortError = (): Error => new DOMException("The operation was canceled.", "AbortError");

export class Deferred<T> {
  readonly promise: Promise<T>;
  resolve!: (value: T | PromiseLike<T>) => void;
  reject!: (reason: unknown) => void;

  constructor() {
    this.promise = new Promise<T>((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }
}

/** Calls `listener` when `signal` aborts, or immediately if it already has. Returns a function that stops listening. */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  if (signal.aborted) {
    listener();
    return () => undefined;
  }
  signal.addEventListener("abort", listener, { once: true });
  return () => signal.removeEventListener("abort", listener);
}

/** Settles as `work` does, or rejects with an `AbortError` once `signal` aborts. The work itself keeps running. */
export async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = new Deferred<never>();
  const stop = onAbort(signal, () => aborted.reject(abortError()));
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    stop();
    work.catch(() => undefined);
    aborted.promise.catch(() => undefined);
  }
}

export async function delay(ms: number, signal?: AbortSignal): Promise<void> {
  const elapsed = new Deferred<undefined>();
  const timer = setTimeout(() => elapsed.resolve(undefined), ms);
  try {
    await (signal ? abortable(elapsed.promise, signal) : elapsed.promise);
  } finally {
    clearTimeout(timer);
  }
}

/** Calls `task` every `ms` milliseconds until it is disposed. Does not keep the process alive. */
export function every(ms: number, task: () => void): Disposable {
  const timer = setInterval(task, ms).unref();
  return toDisposable(() => clearInterval(timer));
}

/** A value that is created on first use and kept. After a failure, the next use tries again. */
export class Lazy<T> {
  readonly #make: () => Promise<T>;
  #made: Promise<T> | undefined;

  constructor(make: () => Promise<T>) {
    this.#make = make;
  }

  get(): Promise<T> {
    return this.#made ?? this.#start();
  }

  async #start(): Promise<T> {
    const made = this.#make();
    this.#made = made;
    try {
      return await made;
    } catch (error) {
      if (this.#made === made) this.#made = undefined;
      throw error;
    }
  }
}

/** Runs tasks one after another, in the order they arrived. A failed task does not stop the next one. */
export class SerialQueue {
  #tail: Promise<unknown> = Promise.resolve();

  run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(task, task);
    this.#tail = result.catch(() => undefined);
    return result;
  }
}
