import { newId } from "./ids";

export interface App {
  readonly id: string;
  readonly name: string;
  readonly environment: string;
  /** Seconds since the epoch. */
  readonly createdAt: number;
}

export class AppStore {
  readonly #apps = new Map<string, App>();

  get(id: string): App | undefined {
    return this.#apps.get(id);
  }

  find(environment: string, name: string): App | undefined {
    return this.list(environment).find((app) => app.name === name);
  }

  list(environment: string): readonly App[] {
    return [...this.#apps.values()].filter((app) => app.environment === environment);
  }

  create(environment: string, name: string): App {
    const app: App = { id: newId("ap"), name, environment, createdAt: Date.now() / 1000 };
    this.#apps.set(app.id, app);
    return app;
  }
}
