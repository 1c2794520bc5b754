import { isIP } from "node:net";
import { invalidArgument } from "../protocol/errors";
import type { Request } from "../protocol/messages";

type Definition = NonNullable<Request<"sandboxCreate">["definition"]>;

// Modal's `NetworkAccess.NetworkAccessType`.
const BLOCKED = 2;
const ALLOWLIST = 3;
const DOMAIN = /^(\*\.)?([\w-]{1,63}\.)*[\w-]{1,63}$/;

/** What a sandbox may reach and who may reach it, as it was asked for. */
export interface NetworkPolicy {
  /** Undefined: anything. */
  readonly allowed: { readonly cidrs: readonly string[]; readonly domains: readonly string[] } | undefined;
  readonly inboundCidrs: readonly string[];
}

/** Throws INVALID_ARGUMENT for an address range or a domain that is none. */
export function readNetworkPolicy(definition: Definition): NetworkPolicy {
  const { networkAccess: access, inboundCidrAllowlist: inboundCidrs } = definition;
  const isBlocked = definition.blockNetwork || access?.networkAccessType === BLOCKED;
  const lists = access?.networkAccessType === ALLOWLIST ? access : undefined;
  const allowed = isBlocked ? { cidrs: [], domains: [] } : undefined;

  for (const cidr of [...(lists?.allowedCidrs ?? []), ...inboundCidrs])
    if (!isCidr(cidr)) throw invalidArgument(`Invalid CIDR: ${cidr}`);
  for (const domain of lists?.allowedDomains ?? [])
    if (!DOMAIN.test(domain)) throw invalidArgument(`Invalid domain: ${domain}`);
  return {
    allowed: allowed ?? (lists && { cidrs: lists.allowedCidrs, domains: lists.allowedDomains }),
    inboundCidrs,
  };
}

/** Whether nothing outside is to be reached: of all policies the one that is kept, by a network of its own. */
export const reachesNothing = ({ allowed }: NetworkPolicy): boolean =>
  allowed?.cidrs.length === 0 && allowed.domains.length === 0;

function isCidr(text: string): boolean {
  const [, address = "", prefix = ""] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const bits = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  return Number(prefix) <= bits;
}
