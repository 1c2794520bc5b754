import { newId } from "../base/ids";

export interface App {
  readonly id: string;
  readonly name: string;
  readonly environment: string;
  /** Seconds since the epoch. */
  readonly createdAt: number;
  /** Seconds since the epoch. A stopped app no longer holds its name. */
  readonly stoppedAt: number | undefined;
}

export class AppStore {
  readonly #apps = new Map<string, App>();

  get(id: string): App | undefined {
    return this.#apps.get(id);
  }

  find(environment: string, name: string): App | undefined {
    return this.list(environment).find((app) => app.name === name && app.stoppedAt === undefined);
  }

  /** Includes stopped apps. */
  list(environment: string): readonly App[] {
    return [...this.#apps.values()].filter((app) => app.environment === environment);
  }

  create(environment: string, name: string): App {
    const app: App = { id: newId("ap"), name, environment, createdAt: Date.now() / 1000, stoppedAt: undefined };
    this.#apps.set(app.id, app);
    return app;
  }

  ensure(environment: string, name: string): App {
    return this.find(environment, name) ?? this.create(environment, name);
  }

  stop(app: App): void {
    if (app.stoppedAt === undefined) this.#apps.set(app.id, { ...app, stoppedAt: Date.now() / 1000 });
  }
}
