import { parse, TomlError, type TomlTable } from "smol-toml";
import { isObject } from "../base/guards";
import { UserError } from "../base/errors";

/** Credentials and where they came from. Token ids look like `ak-…`, secrets like `as-…`. */
export interface Credentials {
  readonly tokenId: string;
  readonly tokenSecret: string;
  readonly source: CredentialSource;
  readonly environment?: string;
  /** Absent for Modal's own server. */
  readonly serverUrl?: string;
}

export type CredentialSource =
  { readonly kind: "environment" } | { readonly kind: "pasted" } | { readonly kind: "profile"; readonly name: string };

/** One table of `~/.modal.toml`. */
export interface Profile {
  readonly name: string;
  readonly isActive: boolean;
  readonly credentials: Credentials | undefined;
}

/** Environment variables that credentials may come from. */
export type EnvironmentVariables = Readonly<Record<string, string | undefined>>;

/** Reads `MODAL_TOKEN_ID` and `MODAL_TOKEN_SECRET`, if both are set. */
export function credentialsFromEnvironment(env: EnvironmentVariables): Credentials | undefined {
  const { MODAL_TOKEN_ID: tokenId, MODAL_TOKEN_SECRET: tokenSecret } = env;
  if (!tokenId || !tokenSecret) return undefined;
  return {
    tokenId,
    tokenSecret,
    source: { kind: "environment" },
    ...(env.MODAL_ENVIRONMENT && { environment: env.MODAL_ENVIRONMENT }),
    ...(env.MODAL_SERVER_URL && { serverUrl: env.MODAL_SERVER_URL }),
  };
}

/** Reads the text of a `.modal.toml`. Throws a `UserError` that names the malformed line. */
export function parseProfiles(text: string, path: string): Profile[] {
  const tables = parseToml(text, path);
  return Object.entries(tables).flatMap(([name, table]) => {
    if (!isObject(table)) return [];
    return [{ name, isActive: table.active === true, credentials: credentialsOf(name, table) }];
  });
}

/**
 * Returns the profile that Modal's own tools would use: the one named by `MODAL_PROFILE`, else the active one, else the
 * only one.
 */
export function activeProfile(profiles: readonly Profile[], env: EnvironmentVariables): Profile | undefined {
  if (env.MODAL_PROFILE) return profiles.find(({ name }) => name === env.MODAL_PROFILE);
  return profiles.find(({ isActive }) => isActive) ?? (profiles.length === 1 ? profiles[0] : undefined);
}

/** Parses TOML. Throws a `UserError` that names the malformed line. */
export function parseToml(text: string, path: string): TomlTable {
  try {
    return parse(text, { integersAsBigInt: "asNeeded" });
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    throw new UserError(`${path} is malformed at line ${error.line}. Fix that line, or sign in with a token.`, {
      cause: error,
      actions: [{ title: "Sign In…", command: "modalSandboxes.signIn" }],
    });
  }
}

function credentialsOf(name: string, table: Record<string, unknown>): Credentials | undefined {
  const { token_id: tokenId, token_secret: tokenSecret, environment, server_url: serverUrl } = table;
  if (typeof tokenId !== "string" || typeof tokenSecret !== "string") return undefined;
  return {
    tokenId,
    tokenSecret,
    source: { kind: "profile", name },
    ...(typeof environment === "string" && { environment }),
    ...(typeof serverUrl === "string" && { serverUrl }),
  };
}
