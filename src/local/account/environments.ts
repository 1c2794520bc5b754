import { alreadyExists, failedPrecondition, invalidArgument, notFound } from "../protocol/errors";
import { newId } from "../base/ids";
import type { JsonFile } from "../base/jsonFile";

export interface Environment {
  readonly id: string;
  readonly name: string;
  /** Seconds since the epoch. */
  readonly createdAt: number;
}

/** A store that keeps objects by environment and name. */
export interface EnvironmentScoped {
  /** Deletes all objects of the environment. */
  deleteEnvironment(name: string): void;
}

export const DEFAULT_ENVIRONMENT = "main";

const NAME = /^(?!en-)[a-z0-9][\w.-]{0,63}$/i;

/** Environments by name, saved on disk. `main` always exists. */
export class EnvironmentStore {
  readonly #file: JsonFile<readonly Environment[]>;

  constructor(file: JsonFile<readonly Environment[]>) {
    this.#file = file;
  }

  list(): readonly Environment[] {
    return [MAIN, ...this.#file.read()];
  }

  /** An empty name means `main`. */
  find(name: string): Environment | undefined {
    return this.list().find((environment) => environment.name === (name || DEFAULT_ENVIRONMENT));
  }

  get(name: string): Environment {
    const environment = this.find(name);
    if (!environment) throw notFound(`Environment '${name}' not found`);
    return environment;
  }

  ensure(name: string): Environment {
    return this.find(name) ?? this.#add(name);
  }

  create(name: string): Environment {
    if (this.find(name)) throw alreadyExists(`Environment '${name}' already exists`);
    return this.#add(name);
  }

  delete(name: string): void {
    const { id } = this.get(name);
    if (id === MAIN.id) throw failedPrecondition("The environment 'main' of the local backend cannot be deleted.");
    this.#file.write(this.#file.read().filter((environment) => environment.id !== id));
  }

  /**
   * The full name of the environment in which an object is looked up or created. The first object also creates the
   * environment.
   */
  nameFor(name: string, makesObject: boolean): string {
    return (makesObject ? this.ensure(name) : this.get(name)).name;
  }

  #add(name: string): Environment {
    if (!NAME.test(name))
      throw invalidArgument(
        `"${name}" is not a valid environment name. Use up to 64 letters, digits, "-", "_" and ".", and do not begin with "en-".`,
      );
    const environment: Environment = { id: newId("en"), name, createdAt: Date.now() / 1000 };
    this.#file.write([...this.#file.read(), environment]);
    return environment;
  }
}

const MAIN: Environment = { id: "en-main", name: DEFAULT_ENVIRONMENT, createdAt: 0 };

export function readEnvironments(value: unknown): readonly Environment[] {
  if (!Array.isArray(value)) return [];
  return value.filter(isEnvironment);
}

const isEnvironment = (value: unknown): value is Environment =>
  typeof value === "object" &&
  value !== null &&
  "id" in value &&
  typeof value.id === "string" &&
  "name" in value &&
  typeof value.name === "string" &&
  "createdAt" in value &&
  typeof value.createdAt === "number";
