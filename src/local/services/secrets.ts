import type { SecretStore } from "../model/secrets";
import { invalidArgument, notFound } from "../protocol/errors";
import type { ControlPlane } from "../protocol/messages";

// Modal's `ObjectCreationType`.
const EPHEMERAL = 5;

export type Env = Readonly<Record<string, string>>;

interface SecretSource {
  readonly secretId: string | undefined;
  readonly env: { readonly contents: Env } | undefined;
}

export const secretsService = (secrets: SecretStore): ControlPlane => ({
  async secretGetOrCreate({ deploymentName, envDict, objectCreationType }) {
    if (objectCreationType !== EPHEMERAL) throw notFound(`Secret '${deploymentName}' not found`);
    const unnamed = Object.keys(envDict).find((key) => !/^[A-Za-z_]\w*$/.test(key));
    if (unnamed !== undefined) throw invalidArgument(`"${unnamed}" is not a name for an environment variable.`);
    return Promise.resolve({ secretId: secrets.create(envDict) });
  },
});

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
