import { invalidArgument } from "../protocol/errors";
import type { Definition } from "./definition";

const CLOUDS = new Set(["", "auto", "aws", "gcp", "oci"]);

/**
 * The beginnings of Modal's region names, broad (`us`, `us-east`) or specific to a cloud (`us-east-1`, `europe-west4`).
 */
const REGION = /^(us|eu|europe|uk|ap|asia|jp|au|australia|ca|northamerica|mx|sa|southamerica|me|il|af|africa)(-|$)/;

/** Throws INVALID_ARGUMENT for a cloud or region that Modal lacks. All others map to this machine. */
export function checkPlacement({ cloudProviderStr, schedulerPlacement }: Definition): void {
  if (!CLOUDS.has(cloudProviderStr.toLowerCase())) throw invalidArgument(`Invalid cloud provider: ${cloudProviderStr}`);
  const unknown = schedulerPlacement?.regions.find((region) => !REGION.test(region));
  if (unknown !== undefined) throw invalidArgument(`Invalid region: ${unknown}`);
}
