import type { ModalClient } from "modal";

type CreationType = NonNullable<Parameters<ModalClient["cpClient"]["secretGetOrCreate"]>[0]["objectCreationType"]>;

/**
 * Creates a secret with a name, which the SDK has no method for. `type` 1 creates it if it is missing, 2 fails if it
 * exists, and 3 replaces it.
 */
export const makeSecret = (
  modal: ModalClient,
  deploymentName: string,
  envDict: Record<string, string>,
  { type = 1, environmentName = "" } = {},
) =>
  modal.cpClient.secretGetOrCreate({
    deploymentName,
    environmentName,
    envDict,
    // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment, @typescript-eslint/no-unnecessary-type-assertion -- the SDK does not export the enum
    objectCreationType: type as CreationType,
  });
