import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { same } from "../base/same";

/** A file that only this user can read. Its content proves to the sign-in page that this user approves. */
export class SignInKey {
  readonly path: string;
  readonly #value = randomBytes(24).toString("base64url");

  constructor(folder: string) {
    this.path = join(folder, "sign-in-key");
    writeFileSync(this.path, `${this.#value}\n`, { mode: 0o600 });
  }

  matches(given: string | null): boolean {
    return given !== null && same(given.trim(), this.#value);
  }
}
