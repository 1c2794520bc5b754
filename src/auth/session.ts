import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isObject } from "../base/guards";
import type { Disposable } from "../base/disposable";
import { codeOf, UserError } from "../base/errors";
import { Emitter } from "../base/event";
import type { Logger, Memento, SecretStore } from "../base/ports";
import { changeSharedFile } from "../base/sharedFile";
import { withProfile, type NewProfile } from "./profileText";
import {
  activeProfile,
  credentialsFromEnvironment,
  parseProfiles,
  type Credentials,
  type EnvironmentVariables,
  type Profile,
} from "./profiles";

/** Who the extension acts as. */
export type Session =
  | { readonly kind: "signedOut"; readonly problem?: UserError }
  | { readonly kind: "signedIn"; readonly credentials: Credentials }
  | { readonly kind: "local" };

export interface SessionOptions {
  readonly secrets: SecretStore;
  readonly memento: Memento;
  readonly env: EnvironmentVariables;
  readonly homeDir: string;
  readonly log: Logger;
}

const PASTED = "modalSandboxes.token";
const CHOICE = "modalSandboxes.account";

/** The user's last choice: automatic, the pasted token, a profile, or signed out. */
type Choice =
  { readonly kind: "automatic" | "pasted" | "signedOut" } | { readonly kind: "profile"; readonly name: string };

/** Holds the session. It comes from the user's choice, else from the environment, the pasted token or `~/.modal.toml`. */
export class SessionService implements Disposable {
  readonly #options: SessionOptions;
  readonly #changed = new Emitter<Session>();
  readonly onDidChangeSession = this.#changed.event;
  #current: Session = { kind: "signedOut" };

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  get current(): Session {
    return this.#current;
  }

  /** The path of the user's Modal configuration. */
  get configPath(): string {
    return this.#options.env.MODAL_CONFIG_PATH ?? join(this.#options.homeDir, ".modal.toml");
  }

  /** Determines the session again. `isLocal` is true if the user chose the local backend. */
  async resolve(isLocal: boolean): Promise<Session> {
    const session = isLocal ? ({ kind: "local" } as const) : await this.#find();
    if (!isSame(session, this.#current)) {
      this.#current = session;
      this.#changed.fire(session);
    }
    return session;
  }

  /** Returns the profiles of the configuration file, or none if it does not exist. */
  async profiles(): Promise<Profile[]> {
    return parseProfiles(await this.#configText(), this.configPath);
  }

  /** Writes a token into the configuration file and makes the file readable by the user only. */
  async saveProfile(profile: NewProfile): Promise<void> {
    await changeSharedFile(this.configPath, (text) => withProfile(text, this.configPath, profile));
  }

  /** Stores a token that the caller has verified. */
  async keepPasted(tokenId: string, tokenSecret: string): Promise<void> {
    await this.#options.secrets.store(PASTED, JSON.stringify({ tokenId, tokenSecret }));
    await this.#choose({ kind: "pasted" });
  }

  async useProfile(name: string): Promise<void> {
    await this.#choose({ kind: "profile", name });
  }

  /** Uses the credentials of the environment or the active profile again after a sign-out. */
  async useFound(): Promise<void> {
    await this.#choose({ kind: "automatic" });
  }

  /** Deletes the pasted token. Credentials from the environment or the file stay unused until the next sign-in. */
  async signOut(): Promise<void> {
    await this.#options.secrets.delete(PASTED);
    await this.#choose({ kind: "signedOut" });
  }

  dispose(): void {
    this.#changed.dispose();
  }

  async #configText(): Promise<string> {
    try {
      return await readFile(this.configPath, "utf8");
    } catch (error) {
      if (codeOf(error) === "ENOENT") return "";
      throw error;
    }
  }

  async #find(): Promise<Session> {
    try {
      const credentials = await this.#findCredentials(parseChoice(this.#options.memento.get(CHOICE)));
      return credentials ? { kind: "signedIn", credentials } : { kind: "signedOut" };
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      this.#options.log.warn(error.message);
      return { kind: "signedOut", problem: error };
    }
  }

  async #findCredentials(choice: Choice): Promise<Credentials | undefined> {
    if (choice.kind === "signedOut") return undefined;
    if (choice.kind === "profile") {
      const profile = (await this.profiles()).find(({ name }) => name === choice.name);
      if (profile?.credentials) return profile.credentials;
    }
    const pasted = await this.#pasted();
    if (choice.kind === "pasted" && pasted) return pasted;
    return (
      credentialsFromEnvironment(this.#options.env) ??
      pasted ??
      activeProfile(await this.profiles(), this.#options.env)?.credentials
    );
  }

  async #pasted(): Promise<Credentials | undefined> {
    const stored = await this.#options.secrets.get(PASTED);
    if (stored === undefined) return undefined;
    const value: unknown = JSON.parse(stored);
    if (!isObject(value) || typeof value.tokenId !== "string" || typeof value.tokenSecret !== "string")
      return undefined;
    return { tokenId: value.tokenId, tokenSecret: value.tokenSecret, source: { kind: "pasted" } };
  }

  async #choose(choice: Choice): Promise<void> {
    await this.#options.memento.update(CHOICE, choice);
  }
}

function parseChoice(stored: unknown): Choice {
  if (!isObject(stored)) return { kind: "automatic" };
  const { kind, name } = stored;
  if (kind === "signedOut" || kind === "pasted") return { kind };
  return kind === "profile" && typeof name === "string" ? { kind, name } : { kind: "automatic" };
}

const isSame = (a: Session, b: Session): boolean => JSON.stringify(a) === JSON.stringify(b);
