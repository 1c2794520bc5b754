import type { ModalClient } from "modal";
import type { Disposable } from "../base/disposable";
import { messageOf } from "../base/errors";
import { Emitter } from "../base/event";
import type { Logger } from "../base/ports";
import type { Connection } from "./connection";
import { translated } from "./errors";
import { workspaceName } from "./rpc";

/** The workspace and environment whose sandboxes are shown. */
export interface Account {
  readonly workspace: string;
  readonly environment: string;
}

export interface Environment {
  readonly name: string;
  readonly isDefault: boolean;
}

/** Holds the workspace and the environment in use. Requests them once per session and environment. */
export class AccountService implements Disposable {
  readonly #connection: Connection;
  readonly #environmentName: () => string;
  readonly #log: Logger;
  readonly #changed = new Emitter<Account | undefined>();
  readonly onDidChangeAccount = this.#changed.event;
  #current: Account | undefined;
  #asked: { readonly client: ModalClient; readonly setting: string } | undefined;

  /** @param environmentName from the settings; empty for the account's default */
  constructor(connection: Connection, environmentName: () => string, log: Logger) {
    this.#connection = connection;
    this.#environmentName = environmentName;
    this.#log = log;
  }

  /** `undefined` before the first answer. */
  get current(): Account | undefined {
    return this.#current;
  }

  async environments(signal: AbortSignal): Promise<Environment[]> {
    const { cpClient } = await this.#connection.client(signal);
    const { items } = await translated(cpClient.environmentList({}, { signal }));
    return items.map(({ name, default: isDefault }) => ({ name, isDefault }));
  }

  /** Requests the account if it is unknown. A failure is only logged, since the next call reports its own. */
  async refresh(signal: AbortSignal): Promise<void> {
    const client = await this.#connection.client(signal);
    const setting = this.#environmentName();
    if (this.#asked?.client === client && this.#asked.setting === setting) return;

    const asked = { client, setting };
    this.#asked = asked;
    try {
      const chosen = client.environmentName(setting);
      const [workspace, environments] = await Promise.all([
        workspaceName(client, signal),
        chosen ? [] : this.environments(signal),
      ]);
      const environment = chosen || (environments.find(({ isDefault }) => isDefault)?.name ?? "");
      if (this.#asked === asked) this.#set({ workspace, environment });
    } catch (error) {
      if (this.#asked === asked) this.#asked = undefined;
      if (!signal.aborted) this.#log.warn(`The account's name is unknown: ${messageOf(error)}`);
    }
  }

  /** The session has changed. */
  forget(): void {
    this.#asked = undefined;
    this.#set(undefined);
  }

  dispose(): void {
    this.#changed.dispose();
  }

  #set(account: Account | undefined): void {
    this.#current = account;
    this.#changed.fire(account);
  }
}
