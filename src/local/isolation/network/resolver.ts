import { readFileSync } from "node:fs";
import { readFile, realpath } from "node:fs/promises";
import { GATEWAY_ADDRESS } from "../../network/gateway";

const PATH = "/etc/resolv.conf";
const NAME_SERVER = /^\s*nameserver\s+(\S+).*$/m;
const NAME_SERVERS = new RegExp(NAME_SERVER, "gm");

export interface ResolverFile {
  /** Where the host really has it. */
  readonly path: string;
  readonly content: string;
}

/** What says how names resolve inside; none where the host itself has none. */
export async function resolverFile(hasOwnNetwork: boolean): Promise<ResolverFile | undefined> {
  try {
    const content = await readFile(PATH, "utf8");
    return { path: await realpath(PATH), content: hasOwnNetwork ? throughGateway(content) : content };
  } catch {
    return undefined;
  }
}

const throughGateway = (content: string): string =>
  `${content.replaceAll(NAME_SERVERS, "").trim()}\nnameserver ${GATEWAY_ADDRESS}\n`.trimStart();

/** The host's, as it is at the time: it changes with the network that a computer is in. */
export function nameServer(): string {
  try {
    return NAME_SERVER.exec(readFileSync(PATH, "utf8"))?.[1] ?? LOCAL;
  } catch {
    return LOCAL;
  }
}

// What a resolver does that is told of none.
const LOCAL = "127.0.0.1";
