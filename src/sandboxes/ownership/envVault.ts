import { messageOf } from "../../base/errors";
import type { Logger, SecretStore } from "../../base/ports";

export type Env = Readonly<Record<string, string>>;

/**
 * The values of sandboxes' variables. They may be secret, so the system's encrypted storage keeps them, and files on
 * disk only have the names. Failures are only logged, because a sandbox or snapshot is useful without them.
 */
export class EnvVault {
  readonly #secrets: SecretStore;
  readonly #log: Logger;

  constructor(secrets: SecretStore, log: Logger) {
    this.#secrets = secrets;
    this.#log = log;
  }

  /** @param owner the name of a sandbox, or the image id of a snapshot */
  async keep(owner: string, env: Env): Promise<void> {
    if (Object.keys(env).length > 0)
      await this.#attempt(owner, () => this.#secrets.store(keyOf(owner), JSON.stringify(env)));
  }

  /** Returns an empty object if none were stored. */
  async of(owner: string): Promise<Env> {
    const text = await this.#attempt(owner, () => this.#secrets.get(keyOf(owner)));
    return text === undefined ? {} : (JSON.parse(text) as Env);
  }

  async copy(from: string, to: string): Promise<void> {
    await this.keep(to, await this.of(from));
  }

  async forget(owner: string): Promise<void> {
    await this.#attempt(owner, () => this.#secrets.delete(keyOf(owner)));
  }

  async #attempt<T>(owner: string, act: () => PromiseLike<T>): Promise<T | undefined> {
    try {
      return await act();
    } catch (error) {
      this.#log.warn(`Storing or reading the variables of ${owner} failed: ${messageOf(error)}`);
      return undefined;
    }
  }
}

const keyOf = (owner: string) => `modalSandboxes.env.${owner}`;
