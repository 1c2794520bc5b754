import type { App, AppStore } from "../account/apps";
import { DEFAULT_ENVIRONMENT } from "../account/environments";
import { tagOf, type DeployedFunctions } from "./deployed";
import { DEFAULT_OPTIONS, type FunctionStore } from "./functionStore";

/** The apps that deployed functions define. */
export interface Deployment {
  /** Creates the apps that have functions. */
  deploy(): void;
  /** The ids of an app's functions by name. */
  functionsOf(app: App): Promise<Readonly<Record<string, string>>>;
}

export const deployment = (deployed: DeployedFunctions, functions: FunctionStore, apps: AppStore): Deployment => ({
  deploy() {
    for (const name of deployed.apps()) apps.ensure(DEFAULT_ENVIRONMENT, name);
  },
  async functionsOf(app) {
    const all = await deployed.all(app.name);
    return Object.fromEntries(all.map((target) => [tagOf(target), functions.bind(app.id, target, DEFAULT_OPTIONS).id]));
  },
});
