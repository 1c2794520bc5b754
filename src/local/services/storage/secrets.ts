import type { EnvironmentStore } from "../../account/environments";
import type { Env, NamedSecret, SecretStore } from "../../storage/secrets";
import { alreadyExists, failedPrecondition, invalidArgument, notFound } from "../../protocol/errors";
import type { ControlPlane, Request } from "../../protocol/messages";
import { OBJECT_NAME, objectCreation } from "../../protocol/objectCreation";

export type { Env };

interface SecretSource {
  readonly secretId: string | undefined;
  readonly env: { readonly contents: Env } | undefined;
}

const MAX_KEY_LENGTH = 16_384;
const MAX_VALUE_LENGTH = 32_768;

export const secretsService = (secrets: SecretStore, environments: EnvironmentStore): ControlPlane => ({
  async secretGetOrCreate(request) {
    const { envDict, objectCreationType, requiredKeys } = request;
    checkEnv(envDict);
    if (objectCreationType === objectCreation.ephemeral) return Promise.resolve({ secretId: secrets.create(envDict) });

    const { id, env } = named(request, secrets, environments);
    const missing = requiredKeys.filter((key) => !(key in env));
    if (missing.length > 0) throw failedPrecondition(`Secret is missing key(s): ${missing.join(", ")}`);
    return Promise.resolve({ secretId: id });
  },

  async secretList({ environmentName }) {
    const { name } = environments.get(environmentName);
    return Promise.resolve({
      environmentName: name,
      items: secrets.list(name).map((secret) => ({
        label: secret.name,
        createdAt: secret.createdAt,
        environmentName: secret.environment,
        secretId: secret.id,
      })),
    });
  },

  async secretDelete({ secretId }) {
    if (!secrets.delete(secretId)) throw notFound(`Secret ${secretId} was not found.`);
    return Promise.resolve({});
  },
});

/** Merges several environments into one. Later ones override earlier ones. */
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

function named(
  request: Request<"secretGetOrCreate">,
  secrets: SecretStore,
  environments: EnvironmentStore,
): NamedSecret {
  const { deploymentName: name, environmentName, envDict, objectCreationType } = request;
  const environment = environments.nameFor(environmentName, objectCreationType !== objectCreation.lookUp);
  const known = secrets.find(environment, name);
  if (!known && objectCreationType === objectCreation.lookUp) throw notFound(`Secret '${name}' not found`);
  if (known && objectCreationType === objectCreation.createOrFail)
    throw alreadyExists(`Secret '${name}' already exists`);
  if (known && objectCreationType !== objectCreation.overwrite) return known;
  if (!OBJECT_NAME.test(name)) throw invalidArgument(`"${name}" is not a valid secret name.`);
  return secrets.set(environment, name, envDict);
}

function checkEnv(env: Env): void {
  for (const [key, value] of Object.entries(env)) {
    if (!/^[A-Za-z_]\w*$/.test(key)) throw invalidArgument(`"${key}" is not a valid name for an environment variable.`);
    if (key.length > MAX_KEY_LENGTH || value.length > MAX_VALUE_LENGTH)
      throw invalidArgument(`The variable "${key.slice(0, 64)}" is too long for a secret.`);
  }
}
