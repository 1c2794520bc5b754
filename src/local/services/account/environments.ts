import type { EnvironmentScoped, EnvironmentStore } from "../../account/environments";
import { invalidArgument } from "../../protocol/errors";
import type { ControlPlane } from "../../protocol/messages";
import { objectCreation } from "../../protocol/objectCreation";

// Modal's newest version in November 2026. Clients send it back with every image; nothing here depends on it.
const IMAGE_BUILDER_VERSION = "2025.06";

/** `scoped` lists the stores whose objects are deleted together with an environment. */
export const environmentsService = (
  environments: EnvironmentStore,
  scoped: readonly EnvironmentScoped[],
): ControlPlane => ({
  async environmentGetOrCreate({ deploymentName, objectCreationType }) {
    const makesOne = objectCreationType === objectCreation.createIfMissing;
    const { id, name } = makesOne ? environments.ensure(deploymentName) : environments.get(deploymentName);
    return Promise.resolve({
      environmentId: id,
      metadata: { name, settings: { imageBuilderVersion: IMAGE_BUILDER_VERSION } },
    });
  },

  async environmentCreate({ name }) {
    if (name.includes(".")) throw invalidArgument("The name of a new environment cannot contain periods.");
    environments.create(name);
    return Promise.resolve({});
  },

  environmentList: () =>
    Promise.resolve({
      items: environments.list().map(({ id, name, createdAt }, index) => ({
        environmentId: id,
        name,
        createdAt,
        default: index === 0,
      })),
    }),

  async environmentDelete({ name }) {
    environments.delete(name);
    for (const store of scoped) store.deleteEnvironment(name);
    return Promise.resolve({});
  },
});
