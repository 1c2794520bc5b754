import { readFileSync } from "node:fs";
import { readFile, realpath } from "node:fs/promises";
import { GATEWAY_ADDRESS } from "../../network/gateway";

const PATH = "/etc/resolv.conf";
const NAME_SERVER = /^\s*nameserver\s+(\S+).*$/m;
const NAME_SERVERS = new RegExp(NAME_SERVER, "gm");

export interface ResolverFile {
  /** The real path on the host. */
  readonly path: string;
  readonly content: string;
}

/** The file that configures name resolution inside. Undefined if the host has none. */
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

/** The host's current name server. It changes when the computer joins another network. */
export function nameServer(): string {
  try {
    return NAME_SERVER.exec(readFileSync(PATH, "utf8"))?.[1] ?? LOCAL;
  } catch {
    return LOCAL;
  }
}

// Resolvers use this address if none is configured.
const LOCAL = "127.0.0.1";
