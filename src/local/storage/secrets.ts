import { isObject } from "../../base/guards";
import type { EnvironmentScoped } from "../account/environments";
import { newId } from "../base/ids";
import type { JsonFile } from "../base/jsonFile";

export type Env = Readonly<Record<string, string>>;

export interface NamedSecret {
  readonly id: string;
  readonly environment: string;
  readonly name: string;
  /** Seconds since the epoch. */
  readonly createdAt: number;
  readonly env: Env;
}

/** Named secrets are saved on disk. Unnamed ones last as long as the server runs. */
export class SecretStore implements EnvironmentScoped {
  readonly #file: JsonFile<readonly NamedSecret[]>;
  readonly #ephemeral = new Map<string, Env>();

  constructor(file: JsonFile<readonly NamedSecret[]>) {
    this.#file = file;
  }

  /** Creates a secret without a name. */
  create(env: Env): string {
    const id = newId("st");
    this.#ephemeral.set(id, env);
    return id;
  }

  /**
   * Creates or updates the secret with this name. An existing one keeps its id, and its content is replaced by `env`.
   */
  set(environment: string, name: string, env: Env): NamedSecret {
    const known = this.find(environment, name);
    const secret: NamedSecret = {
      id: known?.id ?? newId("st"),
      environment,
      name,
      createdAt: known?.createdAt ?? Date.now() / 1000,
      env,
    };
    this.#file.write([...this.#file.read().filter(({ id }) => id !== secret.id), secret]);
    return secret;
  }

  get(id: string): Env | undefined {
    return this.#ephemeral.get(id) ?? this.#file.read().find((secret) => secret.id === id)?.env;
  }

  find(environment: string, name: string): NamedSecret | undefined {
    return this.list(environment).find((secret) => secret.name === name);
  }

  list(environment: string): readonly NamedSecret[] {
    return this.#file.read().filter((secret) => secret.environment === environment);
  }

  delete(id: string): boolean {
    const named = this.#file.read();
    const rest = named.filter((secret) => secret.id !== id);
    if (rest.length < named.length) this.#file.write(rest);
    return this.#ephemeral.delete(id) || rest.length < named.length;
  }

  deleteEnvironment(name: string): void {
    for (const { id } of this.list(name)) this.delete(id);
  }
}

export function readSecrets(value: unknown): readonly NamedSecret[] {
  if (!Array.isArray(value)) return [];
  return value.filter(isSecret);
}

const isSecret = (value: unknown): value is NamedSecret =>
  isObject(value) &&
  ["id", "environment", "name"].every((key) => typeof value[key] === "string") &&
  typeof value.createdAt === "number" &&
  isObject(value.env) &&
  Object.values(value.env).every((entry) => typeof entry === "string");
