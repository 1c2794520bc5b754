import type { EnvironmentScoped, EnvironmentStore } from "../model/environments";
import { invalidArgument } from "../protocol/errors";
import type { ControlPlane } from "../protocol/messages";
import { objectCreation } from "../protocol/objectCreation";

const NAME = /^(?!en-)[A-Za-z0-9][\w-]{0,63}$/i;
// Who asks sends it along with every image; nothing here depends on it.
const IMAGE_BUILDER_VERSION = "local";

/** `scoped` is what goes with an environment that is deleted. */
export const environmentsService = (
  environments: EnvironmentStore,
  scoped: readonly EnvironmentScoped[],
): ControlPlane => ({
  async environmentGetOrCreate({ deploymentName, objectCreationType }) {
    const makesOne = objectCreationType === objectCreation.createIfMissing;
    if (makesOne && deploymentName) requireName(deploymentName);
    const { id, name } = makesOne ? environments.ensure(deploymentName) : environments.get(deploymentName);
    return Promise.resolve({
      environmentId: id,
      metadata: { name, settings: { imageBuilderVersion: IMAGE_BUILDER_VERSION } },
    });
  },

  async environmentCreate({ name }) {
    requireName(name);
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

function requireName(name: string): void {
  if (!NAME.test(name))
    throw invalidArgument(
      `"${name}" is not a name for an environment: use up to 64 letters, digits, "-" and "_", not beginning with "en-".`,
    );
}
