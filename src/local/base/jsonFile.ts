import { readFileSync } from "node:fs";
import { replaceFile } from "../../base/replaceFile";
import { codeOf } from "../../base/errors";

/** A small file that only its owner can read. Several servers may share it, so it is read from disk each time. */
export class JsonFile<T> {
  readonly #path: string;
  readonly #parse: (value: unknown) => T;

  /** `parse` gets the file's content, or `undefined` if there is no file. */
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
    replaceFile(this.#path, `${JSON.stringify(value, undefined, 2)}\n`);
  }
}
