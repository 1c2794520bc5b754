import type { EnvironmentScoped, EnvironmentStore } from "../../account/environments";
import { invalidArgument } from "../../protocol/errors";
import type { ControlPlane } from "../../protocol/messages";
import { objectCreation } from "../../protocol/objectCreation";

// Modal's newest in November 2026. Who asks sends it along with every image; nothing here depends on it.
const IMAGE_BUILDER_VERSION = "2025.06";

/** `scoped` is what goes with an environment that is deleted. */
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
    if (name.includes(".")) throw invalidArgument("The name of an environment that is made anew has no periods.");
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
