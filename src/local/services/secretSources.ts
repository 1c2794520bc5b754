import type { SecretStore } from "../model/secrets";
import { notFound } from "../protocol/errors";

export type Env = Readonly<Record<string, string>>;

interface SecretSource {
  readonly secretId: string | undefined;
  readonly env: { readonly contents: Env } | undefined;
}

/** One environment from several; a later one wins. */
export const mergeSources = (secrets: SecretStore, sources: readonly SecretSource[]): Env =>
  Object.assign({}, ...sources.map((source) => resolve(secrets, source))) as Env;

export const mergeSecrets = (secrets: SecretStore, ids: readonly string[]): Env =>
  mergeSources(
    secrets,
    ids.map((secretId) => ({ secretId, env: undefined })),
  );

function resolve(secrets: SecretStore, { secretId, env }: SecretSource): Env {
  if (secretId === undefined) return env?.contents ?? {};
  const secret = secrets.get(secretId);
  if (!secret) throw notFound(`Secret ${secretId} was not found.`);
  return secret;
}
