import type { SecretStore } from "../../base/ports";

export interface FileMemoryOptions<T> {
  readonly secrets: SecretStore;
  /** The key in the secret store. */
  readonly key: string;
  readonly isValue: (value: unknown) => value is T;
  /** The least recently used files are forgotten. */
  readonly maxFiles: number;
}

/** Remembers a value for each file. Values are stored as secrets, because program arguments may contain some. */
export class FileMemory<T> {
  readonly #options: FileMemoryOptions<T>;

  constructor(options: FileMemoryOptions<T>) {
    this.#options = options;
  }

  /** @param file identifies the file, or anything else that has a value of its own */
  async of(file: string): Promise<T | undefined> {
    return (await this.#all()).get(file);
  }

  async remember(file: string, value: T): Promise<void> {
    const { secrets, key, maxFiles } = this.#options;
    const all = await this.#all();
    all.delete(file);
    await secrets.store(key, JSON.stringify([[file, value], ...all].slice(0, maxFiles)));
  }

  /** Most recently used first. */
  async #all(): Promise<Map<string, T>> {
    const { secrets, key, isValue } = this.#options;
    const stored: unknown = JSON.parse((await secrets.get(key)) ?? "[]");
    if (!Array.isArray(stored)) return new Map();
    return new Map(
      stored.flatMap((entry: unknown): [string, T][] => {
        if (!Array.isArray(entry)) return [];
        const [file, value] = entry as readonly unknown[];
        return typeof file === "string" && isValue(value) ? [[file, value]] : [];
      }),
    );
  }
}
