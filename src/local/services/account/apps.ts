import type { Deployment } from "../../functions/deployment";
import type { App, AppStore } from "../../account/apps";
import type { EnvironmentScoped, EnvironmentStore } from "../../account/environments";
import type { SandboxStore } from "../../sandbox/sandboxStore";
import { alreadyExists, invalidArgument, notFound } from "../../protocol/errors";
import type { ControlPlane } from "../../protocol/messages";
import { OBJECT_NAME, objectCreation } from "../../protocol/objectCreation";

const DEPLOYED = 3;
const STOPPED = 5;

export interface AppsDependencies {
  readonly apps: AppStore;
  readonly environments: EnvironmentStore;
  readonly sandboxes: SandboxStore;
  readonly deployment: Deployment;
}

export function appsService({ apps, environments, sandboxes, deployment }: AppsDependencies): ControlPlane {
  const get = (id: string): App => {
    const app = apps.get(id);
    if (!app) throw notFound(`App ${id} was not found.`);
    return app;
  };

  const metadata = async (app: App) => ({
    appId: app.id,
    description: app.name,
    environmentName: app.environment,
    functions: await deployment.functionsOf(app),
    lifecycle: {
      appState: stateOf(app),
      createdAt: app.createdAt,
      deployedAt: app.createdAt,
      stoppedAt: app.stoppedAt ?? 0,
      version: 1,
    },
  });

  return {
    async appGetOrCreate({ appName, environmentName, objectCreationType }) {
      const createsIfMissing =
        objectCreationType === objectCreation.createIfMissing || objectCreationType === objectCreation.createOrFail;
      if (!OBJECT_NAME.test(appName))
        throw invalidArgument(`"${appName}" is not a valid app name. Use up to 64 letters, digits, "-", "_" and ".".`);
      deployment.deploy();
      const environment = environments.nameFor(environmentName, createsIfMissing);
      const known = apps.find(environment, appName);
      if (known && objectCreationType === objectCreation.createOrFail)
        throw alreadyExists(`App '${appName}' already exists in environment '${environment}'.`);
      if (!known && !createsIfMissing)
        throw notFound(`App '${appName}' was not found in environment '${environment}'.`);
      return Promise.resolve({ appId: (known ?? apps.create(environment, appName)).id });
    },

    appGetInfo: async ({ appId }) => ({ info: await metadata(get(appId)) }),

    async appList({ environmentName }) {
      deployment.deploy();
      const { name } = environments.get(environmentName);
      const listed = apps.list(name).map(async (app) => ({
        appId: app.id,
        name: app.name,
        description: app.name,
        state: stateOf(app),
        createdAt: app.createdAt,
        stoppedAt: app.stoppedAt ?? 0,
        nRunningTasks: runningIn(sandboxes, app).length,
        metadata: await metadata(app),
      }));
      return { apps: await Promise.all(listed) };
    },

    async appStop({ appId }) {
      stop(apps, sandboxes, get(appId));
      return Promise.resolve({});
    },
  };
}

/** Stops the apps of a deleted environment. */
export const appsOf = (apps: AppStore, sandboxes: SandboxStore): EnvironmentScoped => ({
  deleteEnvironment(name) {
    for (const app of apps.list(name)) stop(apps, sandboxes, app);
  },
});

function stop(apps: AppStore, sandboxes: SandboxStore, app: App): void {
  apps.stop(app);
  for (const sandbox of runningIn(sandboxes, app)) sandbox.terminate();
}

const stateOf = (app: App) => (app.stoppedAt === undefined ? DEPLOYED : STOPPED);

const runningIn = (sandboxes: SandboxStore, app: App) =>
  sandboxes.list(
    { appIds: new Set([app.id]), before: undefined, includeFinished: false, tags: new Map() },
    Number.MAX_SAFE_INTEGER,
  );
