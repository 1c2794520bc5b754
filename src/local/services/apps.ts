import type { App, AppStore } from "../model/apps";
import { invalidArgument, notFound } from "../protocol/errors";
import type { ControlPlane } from "../protocol/messages";

const CREATE_IF_MISSING = 1;
const APP_STATE_DEPLOYED = 3;
const OBJECT_NAME = /^[\w.-]{1,64}$/;

export const DEFAULT_ENVIRONMENT = "main";

export const appsService = (apps: AppStore): ControlPlane => ({
  async appGetOrCreate({ appName, environmentName, objectCreationType }) {
    const environment = environmentName || DEFAULT_ENVIRONMENT;
    if (!OBJECT_NAME.test(appName))
      throw invalidArgument(`"${appName}" is not a name for an app: use up to 64 letters, digits, "-", "_" and ".".`);
    const known = apps.find(environment, appName);
    if (!known && objectCreationType !== CREATE_IF_MISSING)
      throw notFound(`App '${appName}' was not found in environment '${environment}'.`);
    return Promise.resolve({ appId: (known ?? apps.create(environment, appName)).id });
  },

  async appGetInfo({ appId }) {
    const app = apps.get(appId);
    if (!app) throw notFound(`App ${appId} was not found.`);
    return Promise.resolve({ info: { description: app.name, lifecycle: lifecycle(app) } });
  },

  appList: ({ environmentName }) =>
    Promise.resolve({
      apps: apps.list(environmentName || DEFAULT_ENVIRONMENT).map((app) => ({
        appId: app.id,
        name: app.name,
        description: app.name,
        state: APP_STATE_DEPLOYED,
        createdAt: app.createdAt,
      })),
    }),

  environmentGetOrCreate: ({ deploymentName }) => {
    const name = deploymentName || DEFAULT_ENVIRONMENT;
    return Promise.resolve({
      environmentId: `en-${name}`,
      metadata: { name, settings: { imageBuilderVersion: "local" } },
    });
  },

  environmentList: () =>
    Promise.resolve({
      items: [{ name: DEFAULT_ENVIRONMENT, environmentId: `en-${DEFAULT_ENVIRONMENT}`, default: true }],
    }),
});

const lifecycle = (app: App) =>
  ({ appState: APP_STATE_DEPLOYED, createdAt: app.createdAt, deployedAt: app.createdAt }) as const;
