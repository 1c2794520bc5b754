import { isIP } from "node:net";
import type { Allowlist, NetworkKind } from "../base/isolation";
import { isNothing, nothing } from "../network/outboundPolicy";
import { invalidArgument } from "../protocol/errors";
import type { ContainerDefinition } from "./definition";

// Modal's `NetworkAccess.NetworkAccessType`.
const BLOCKED = 2;
const ALLOWLIST = 3;
const DOMAIN = /^(\*\.)?([\w-]{1,63}\.)*[\w-]{1,63}$/;

/** What a sandbox may reach and who may reach it, as it was asked for. */
export interface NetworkPolicy {
  /** Undefined: anything. */
  readonly allowed: Allowlist | undefined;
  readonly inboundCidrs: readonly string[];
}

/** What `readNetworkPolicy` reads of a definition. */
export type NetworkDefinition = Pick<ContainerDefinition, "networkAccess" | "blockNetwork" | "inboundCidrAllowlist">;

/** Throws INVALID_ARGUMENT for an address range or a domain that is none. */
export function readNetworkPolicy(definition: NetworkDefinition): NetworkPolicy {
  const { networkAccess: access, inboundCidrAllowlist: inboundCidrs = [] } = definition;
  const isBlocked = definition.blockNetwork === true || access?.networkAccessType === BLOCKED;
  const lists = access?.networkAccessType === ALLOWLIST ? access : undefined;
  const allowed = isBlocked ? nothing : undefined;

  for (const cidr of [...(lists?.allowedCidrs ?? []), ...inboundCidrs])
    if (!isCidr(cidr)) throw invalidArgument(`Invalid CIDR: ${cidr}`);
  for (const domain of lists?.allowedDomains ?? [])
    if (!DOMAIN.test(domain)) throw invalidArgument(`Invalid domain: ${domain}`);
  return {
    allowed: allowed ?? (lists && { cidrs: lists.allowedCidrs, domains: lists.allowedDomains }),
    inboundCidrs,
  };
}

/** Whether a sandbox has this machine's network, where sandboxes have `kind`. */
export const sharesNetwork = ({ allowed }: NetworkPolicy, kind: NetworkKind): boolean =>
  kind === "shared" || (kind === "ownIfClosed" && !isNothing(allowed));

/** What has to be said of a policy that is not kept. */
export function unkeptPolicy(policy: NetworkPolicy, kind: NetworkKind): string | undefined {
  if (policy.allowed === undefined || !sharesNetwork(policy, kind)) return undefined;
  return "local backend: on this machine a sandbox cannot be kept from the network: it may reach anything.";
}

function isCidr(text: string): boolean {
  const [, address = "", prefix = ""] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const bits = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  return Number(prefix) <= bits;
}
