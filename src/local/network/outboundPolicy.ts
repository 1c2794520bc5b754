import { BlockList } from "node:net";
import type { Allowlist } from "../base/isolation";

// This machine itself, and the cloud services that give out a machine's credentials.
const NEVER = ["0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3"];

export const nothing: Allowlist = { cidrs: [], domains: [] };

export const isNothing = (allowlist: Allowlist | undefined): boolean =>
  allowlist?.cidrs.length === 0 && allowlist.domains.length === 0;

/**
 * The destinations that a sandbox may connect to. The addresses of allowed names are learned from the answers to its
 * DNS questions.
 */
export class OutboundPolicy {
  readonly #never = blockListOf(NEVER);
  readonly #allowed: BlockList | undefined;
  readonly #domains: readonly string[];
  readonly #allowsAllNames: boolean;

  /** Without a list, every address on another machine is allowed. */
  constructor(allowlist: Allowlist | undefined) {
    this.#allowed = allowlist && blockListOf(allowlist.cidrs.filter((cidr) => !cidr.includes(":")));
    this.#domains = allowlist?.domains.map((domain) => domain.toLowerCase()) ?? [];
    this.#allowsAllNames = allowlist === undefined || allowlist.cidrs.length > 0;
  }

  allowsAddress(address: string): boolean {
    if (this.#never.check(address)) return false;
    return this.#allowed?.check(address) ?? true;
  }

  /** True if any name may be looked up, whatever its addresses. If false, the answers have to be inspected. */
  get allowsAllNames(): boolean {
    return this.#allowsAllNames;
  }

  allowsName(name: string): boolean {
    return this.#allowsAllNames || this.#isListed(name);
  }

  /** Remembers the addresses of a name if that name is on the list. */
  learn(name: string, addresses: readonly string[]): void {
    if (this.#isListed(name)) for (const address of addresses) this.#allowed?.addAddress(address);
  }

  #isListed(name: string): boolean {
    return this.#domains.some((domain) => (domain.startsWith("*.") ? name.endsWith(domain.slice(1)) : name === domain));
  }
}

function blockListOf(cidrs: readonly string[]): BlockList {
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [address = "", prefix] = cidr.split("/");
    list.addSubnet(address, Number(prefix));
  }
  return list;
}
