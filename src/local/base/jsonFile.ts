import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { codeOf } from "../../base/errors";

/** A small file that only its owner can read. Servers may share it, so it is read anew each time. */
export class JsonFile<T> {
  readonly #path: string;
  readonly #parse: (value: unknown) => T;

  /** `parse` gets what the file holds, `undefined` where there is none. */
  constructor(path: string, parse: (value: unknown) => T) {
    this.#path = path;
    this.#parse = parse;
  }

  read(): T {
    try {
      return this.#parse(JSON.parse(readFileSync(this.#path, "utf8")));
    } catch (error) {
      if (codeOf(error) === "ENOENT") return this.#parse(undefined);
      throw new Error(`${this.#path} cannot be read.`, { cause: error });
    }
  }

  write(value: T): void {
    const next = `${this.#path}.${randomUUID()}`;
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
    writeFileSync(next, `${JSON.stringify(value, undefined, 2)}\n`, { mode: 0o600 });
    renameSync(next, this.#path);
  }
}
