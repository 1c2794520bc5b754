/** Something with a lifetime. Structurally VS Code's own `Disposable`. */
export interface Disposable {
  dispose(): void;
}

export const toDisposable = (dispose: () => void): Disposable => ({ dispose });

/** Owns disposables and disposes them in reverse order, once. */
export class DisposableStore implements Disposable {
  readonly #items: Disposable[] = [];
  #isDisposed = false;

  /** Takes ownership; an item added after disposal is disposed immediately. */
  add<T extends Disposable>(item: T): T {
    if (this.#isDisposed) item.dispose();
    else this.#items.push(item);
    return item;
  }

  dispose(): void {
    this.#isDisposed = true;
    for (let item = this.#items.pop(); item; item = this.#items.pop()) item.dispose();
  }
}

/** Holds at most one disposable and disposes the one it replaces. */
export class MutableDisposable<T extends Disposable> implements Disposable {
  #value: T | undefined;

  get value(): T | undefined {
    return this.#value;
  }

  set value(value: T | undefined) {
    const previous = this.#value;
    this.#value = value;
    if (previous !== value) previous?.dispose();
  }

  dispose(): void {
    this.value = undefined;
  }
}
