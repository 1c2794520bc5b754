import { messageOf } from "../../base/errors";
import type { Logger, SecretStore } from "../../base/ports";

export type Env = Readonly<Record<string, string>>;

/**
 * What the variables of sandboxes hold, which may be secret: kept where the system encrypts it, for the files on disk
 * only name them. A failure is logged, for neither a sandbox nor its files are worth less without.
 */
export class EnvVault {
  readonly #secrets: SecretStore;
  readonly #log: Logger;

  constructor(secrets: SecretStore, log: Logger) {
    this.#secrets = secrets;
    this.#log = log;
  }

  /** @param owner the name of a sandbox, or the id of a snapshot's image */
  async keep(owner: string, env: Env): Promise<void> {
    if (Object.keys(env).length > 0)
      await this.#attempt(owner, () => this.#secrets.store(keyOf(owner), JSON.stringify(env)));
  }

  /** Nothing where none was kept. */
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
      this.#log.warn(`Variables of ${owner}: ${messageOf(error)}`);
      return undefined;
    }
  }
}

const keyOf = (owner: string) => `modalSandboxes.env.${owner}`;
