import { setMaxListeners } from "node:events";
import type { App, ModalClient, Sandbox } from "modal";
import type { Session, SessionService } from "../auth/session";
import { abortable } from "../base/async";
import { DisposableStore, type Disposable } from "../base/disposable";
import { UserError } from "../base/errors";
import type { Logger } from "../base/ports";
import { createClient, type ClientTarget } from "./client";
import { translated } from "./errors";
import type { LocalBackend } from "./localBackend";
import { workspaceName } from "./rpc";

export interface ConnectionSettings {
  /** The Modal app that owns the sandboxes. */
  readonly appName: string;
  /** Empty: the account's default environment. */
  readonly environment: string;
}

export interface ConnectionOptions {
  readonly session: SessionService;
  readonly localBackend: LocalBackend;
  readonly settings: () => ConnectionSettings;
  readonly log: Logger;
}

interface Opened {
  readonly key: string;
  readonly client: Promise<ModalClient>;
  readonly apps: Map<string, Promise<App>>;
  readonly sandboxes: Map<string, Promise<Sandbox>>;
  readonly lost: AbortController;
}

/** The SDK's client for the current session, opened on first use and replaced when the session changes. */
export class Connection implements Disposable {
  readonly #options: ConnectionOptions;
  readonly #own = new DisposableStore();
  #opened: Opened | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#own.add(
      options.session.onDidChangeSession((session) => {
        this.#close();
        if (session.kind !== "local") options.localBackend.dispose();
      }),
    );
    this.#own.add(
      options.localBackend.onDidLose((reason) => {
        this.#opened?.lost.abort(reason);
        this.#close();
      }),
    );
  }

  async client(signal: AbortSignal): Promise<ModalClient> {
    return (await this.#open(signal)).client;
  }

  /** Returns the app named in the settings, and creates it if it does not exist. */
  async app(signal: AbortSignal): Promise<App> {
    const { appName, environment } = this.#options.settings();
    const opened = await this.#open(signal);
    const key = JSON.stringify([environment, appName]);
    return abortable(
      remember(opened.apps, key, async () =>
        translated((await opened.client).apps.fromName(appName, { createIfMissing: true, environment })),
      ),
      signal,
    );
  }

  /** Returns the single handle of a sandbox, so that its channel and cached state are shared. Does not check that it exists. */
  async sandbox(sandboxId: string, signal: AbortSignal): Promise<Sandbox> {
    const opened = await this.#open(signal);
    return remember(opened.sandboxes, sandboxId, async () => (await opened.client).sandboxes.fromId(sandboxId));
  }

  /** A signal that aborts, with the reason, when the server is known to be gone. The SDK would keep trying for a while. */
  async lost(signal: AbortSignal): Promise<AbortSignal> {
    return (await this.#open(signal)).lost.signal;
  }

  /** Keeps the handle that a create returned: it already knows how to reach the sandbox. */
  adopt(sandbox: Sandbox): void {
    this.#opened?.sandboxes.set(sandbox.sandboxId, Promise.resolve(sandbox));
  }

  /** Forgets a sandbox that has ended. */
  forget(sandboxId: string): void {
    this.#opened?.sandboxes.delete(sandboxId);
  }

  /** Makes the next call open a new connection, after the route to the server has changed. */
  reopen(): void {
    this.#close();
  }

  dispose(): void {
    this.#close();
    this.#own.dispose();
  }

  async #open(signal: AbortSignal): Promise<Opened> {
    const target = await abortable(this.#target(this.#options.session.current), signal);
    const key = JSON.stringify(target);
    if (this.#opened?.key === key) return this.#opened;

    this.#close();
    const lost = new AbortController();
    // Every process of every sandbox listens.
    setMaxListeners(0, lost.signal);
    const opened = {
      key,
      client: createClient(target, this.#options.log),
      apps: new Map<string, Promise<App>>(),
      sandboxes: new Map<string, Promise<Sandbox>>(),
      lost,
    };
    this.#opened = opened;
    // After a failure, the next call loads the client again.
    opened.client.catch(() => {
      if (this.#opened === opened) this.#opened = undefined;
    });
    return opened;
  }

  async #target(session: Session): Promise<ClientTarget> {
    const { environment } = this.#options.settings();
    switch (session.kind) {
      case "signedOut":
        throw session.problem ?? notSignedIn();
      case "local":
        return this.#options.localBackend.target();
      case "signedIn":
        return { ...session.credentials, ...(environment && { environment }) };
    }
  }

  #close(): void {
    const opened = this.#opened;
    this.#opened = undefined;
    if (!opened) return;
    for (const sandbox of opened.sandboxes.values()) void whenThere(sandbox, (handle) => handle.detach());
    void whenThere(opened.client, (client) => client.close());
  }
}

/** Acts on a client that was opened. One that failed to open needs nothing. */
async function whenThere<T>(opened: Promise<T>, act: (value: T) => void): Promise<void> {
  try {
    act(await opened);
  } catch {
    return;
  }
}

/** Checks credentials with one call. Rejects with a `UserError` if Modal refuses them. */
export async function verifyCredentials(target: ClientTarget, log: Logger, signal: AbortSignal): Promise<string> {
  const client = await createClient(target, log);
  try {
    return await workspaceName(client, signal);
  } finally {
    client.close();
  }
}

const notSignedIn = () =>
  new UserError("Sign in to Modal first, or use the local backend without an account.", {
    actions: [
      { title: "Sign In…", command: "modalSandboxes.signIn" },
      { title: "Use Local Backend", command: "modalSandboxes.useLocalBackend" },
    ],
  });

/** Returns the value under `key`, and makes it on first use. A failure is not kept. */
function remember<T>(cache: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const known = cache.get(key);
  if (known) return known;

  const made = make();
  cache.set(key, made);
  made.catch(() => {
    if (cache.get(key) === made) cache.delete(key);
  });
  return made;
}
