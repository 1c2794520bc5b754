import { readFile } from "node:fs/promises";
import { join } from "node:path";
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

/** What the user chose last: whatever is found, the pasted token, a profile, or none. */
type Choice =
  { readonly kind: "automatic" | "pasted" | "signedOut" } | { readonly kind: "profile"; readonly name: string };

/** Holds the session: what the user chose, else the environment, the pasted token, `~/.modal.toml`. */
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

  /** Finds the session anew. `isLocal` is the user's choice of the local backend. */
  async resolve(isLocal: boolean): Promise<Session> {
    const session = isLocal ? ({ kind: "local" } as const) : await this.#find();
    if (!isSame(session, this.#current)) {
      this.#current = session;
      this.#changed.fire(session);
    }
    return session;
  }

  /** The profiles of the configuration file; none where there is no file. */
  async profiles(): Promise<Profile[]> {
    return parseProfiles(await this.#configText(), this.configPath);
  }

  /** Writes a token into the configuration file, which only the user can read then. */
  async saveProfile(profile: NewProfile): Promise<void> {
    await changeSharedFile(this.configPath, (text) => withProfile(text, this.configPath, profile));
  }

  /** Keeps a token that the caller has verified. */
  async keepPasted(tokenId: string, tokenSecret: string): Promise<void> {
    await this.#options.secrets.store(PASTED, JSON.stringify({ tokenId, tokenSecret }));
    await this.#choose({ kind: "pasted" });
  }

  async useProfile(name: string): Promise<void> {
    await this.#choose({ kind: "profile", name });
  }

  /** Takes up the credentials of the environment or of the active profile again after a sign-out. */
  async useFound(): Promise<void> {
    await this.#choose({ kind: "automatic" });
  }

  /** Forgets the pasted token, and leaves what the environment or the file offers unused until the next sign-in. */
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
    if (typeof value !== "object" || value === null) return undefined;
    if (!("tokenId" in value && typeof value.tokenId === "string")) return undefined;
    if (!("tokenSecret" in value && typeof value.tokenSecret === "string")) return undefined;
    return { tokenId: value.tokenId, tokenSecret: value.tokenSecret, source: { kind: "pasted" } };
  }

  async #choose(choice: Choice): Promise<void> {
    await this.#options.memento.update(CHOICE, choice);
  }
}

function parseChoice(stored: unknown): Choice {
  if (typeof stored === "object" && stored !== null && "kind" in stored) {
    if (stored.kind === "signedOut" || stored.kind === "pasted") return { kind: stored.kind };
    if (stored.kind === "profile" && "name" in stored && typeof stored.name === "string")
      return { kind: "profile", name: stored.name };
  }
  return { kind: "automatic" };
}

const isSame = (a: Session, b: Session): boolean => JSON.stringify(a) === JSON.stringify(b);
