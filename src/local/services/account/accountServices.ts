import { deployment } from "../../functions/deployment";
import type { ControlPlane } from "../../protocol/messages";
import type { Stores } from "../../stores";
import { accessService, type Notice } from "./access";
import { appsOf, appsService } from "./apps";
import { billingService } from "./billing";
import { environmentsService } from "./environments";
import { tokenFlowService } from "./tokenFlow";

interface AccountOptions {
  readonly notices: readonly Notice[];
  readonly signInUrl: string;
}

export function accountServices(stores: Stores, { notices, signInUrl }: AccountOptions): ControlPlane {
  const { credentials, tokenFlows, environments, apps, sandboxes, secrets, queues, volumes } = stores;
  return {
    ...accessService(credentials, notices),
    ...tokenFlowService(tokenFlows, credentials, signInUrl),
    ...billingService(),
    ...environmentsService(environments, [appsOf(apps, sandboxes), secrets, queues, volumes]),
    ...appsService({ apps, environments, sandboxes, deployment: deployment(stores.deployed, stores.functions, apps) }),
  };
}
