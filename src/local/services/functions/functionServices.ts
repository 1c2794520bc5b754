import type { ControlPlane } from "../../protocol/messages";
import type { Stores } from "../../stores";
import { functionCallsService } from "./functionCalls";
import { functionsService } from "./functions";
import { functionStatsService } from "./functionStats";

export const functionServices = (stores: Stores, webUrl: string): ControlPlane => ({
  ...functionsService({ ...stores, webUrl }),
  ...functionStatsService(stores.functions),
  ...functionCallsService(stores.functions, stores.blobs),
});
