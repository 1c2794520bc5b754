import { isIP } from "node:net";
import type { Allowlist, NetworkKind } from "../base/isolation";
import { isNothing, nothing } from "../network/outboundPolicy";
import { invalidArgument } from "../protocol/errors";
import type { ContainerDefinition } from "./definition";

// Modal's `NetworkAccess.NetworkAccessType`.
const BLOCKED = 2;
const ALLOWLIST = 3;
const DOMAIN = /^(\*\.)?([\w-]{1,63}\.)*[\w-]{1,63}$/;

/** A sandbox's requested outbound and inbound access. */
export interface NetworkPolicy {
  /** Undefined allows every destination. */
  readonly allowed: Allowlist | undefined;
  readonly inboundCidrs: readonly string[];
}

/** The part of a definition that `readNetworkPolicy` reads. */
export type NetworkDefinition = Pick<ContainerDefinition, "networkAccess" | "blockNetwork" | "inboundCidrAllowlist">;

/** Throws INVALID_ARGUMENT for an invalid address range or domain. */
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

/** True if a sandbox uses this machine's network, given which sandboxes have their own. */
export const sharesNetwork = ({ allowed }: NetworkPolicy, kind: NetworkKind): boolean =>
  kind === "shared" || (kind === "ownIfClosed" && !isNothing(allowed));

/** A notice for a policy that cannot be enforced. */
export function unkeptPolicy(policy: NetworkPolicy, kind: NetworkKind): string | undefined {
  if (policy.allowed === undefined || !sharesNetwork(policy, kind)) return undefined;
  return "local backend: this machine cannot restrict a sandbox's network, so the sandbox may reach anything.";
}

function isCidr(text: string): boolean {
  const [, address = "", prefix = ""] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const bits = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  return Number(prefix) <= bits;
}
