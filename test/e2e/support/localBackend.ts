import { after, before } from "mocha";
import type { ModalClient } from "modal";

import { createClient, startLocalBackend, type LocalBackend } from "../../backend/support/localBackend";

export interface SharedBackend {
  /** The environment of a VS Code that uses this server as if it were Modal's, signed out. */
  readonly signedOut: Readonly<Record<string, string>>;
  /** The same, signed in by the environment. */
  readonly signedIn: Readonly<Record<string, string>>;
  readonly tokenId: string;
  readonly tokenSecret: string;
  /** The unmodified SDK, on the same server as the extension. */
  readonly client: ModalClient;
}

/** Gives the tests of the surrounding `describe` a server of their own, which they and the extension both talk to. */
export function useSharedBackend(env: Readonly<Record<string, string>> = {}): SharedBackend {
  const started = new StartedBackend();
  before(() => started.start(env));
  after(() => started.stop());
  return started;
}

class StartedBackend implements SharedBackend {
  #backend: LocalBackend | undefined;
  #client: ModalClient | undefined;

  get signedOut(): Record<string, string> {
    return { MODAL_SERVER_URL: present(this.#backend).serverUrl };
  }

  get signedIn(): Record<string, string> {
    return { ...this.signedOut, MODAL_TOKEN_ID: this.tokenId, MODAL_TOKEN_SECRET: this.tokenSecret };
  }

  get tokenId(): string {
    return present(this.#backend).tokenId;
  }

  get tokenSecret(): string {
    return present(this.#backend).tokenSecret;
  }

  get client(): ModalClient {
    return present(this.#client);
  }

  async start(env: Readonly<Record<string, string>>): Promise<void> {
    this.#backend = await startLocalBackend({ env });
    this.#client = createClient(this.#backend);
  }

  async stop(): Promise<void> {
    this.#client?.close();
    await this.#backend?.stop();
  }
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("The local backend is started by a hook: use it in tests and hooks only.");
  return value;
}
