import type { SecretGateway } from "../../modal/secrets";
import type { VolumeGateway } from "../../modal/volumes";
import type { SpecSources } from "../pickers/reviewLines";
import { createSecret } from "../storage/secrets";
import { createVolume } from "../storage/volumes";

const LIST_MS = 30_000;

/** The environment's volumes and secrets, for use in specs. */
export function specSources(volumes: VolumeGateway, secrets: SecretGateway): SpecSources {
  const namesOf = async (gateway: VolumeGateway | SecretGateway) =>
    (await gateway.list(AbortSignal.timeout(LIST_MS))).map(({ name }) => name);
  return {
    volumes: { list: () => namesOf(volumes), create: () => createVolume(volumes) },
    secrets: { list: () => namesOf(secrets), create: () => createSecret(secrets) },
  };
}
