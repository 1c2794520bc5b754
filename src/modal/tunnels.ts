import { UserError } from "../base/errors";

/** The address of a port of a sandbox. Anyone who knows it can use it from anywhere. */
export interface Tunnel {
  /** The port inside the sandbox. */
  readonly port: number;
  readonly url: string;
  /** True if anyone on the internet can use the URL, false if only this machine can. */
  readonly isPublic: boolean;
  /** The listener on a port that sandboxes of the local backend share. */
  readonly sharedWith?: PortListener;
}

export type PortListener =
  { readonly kind: "itself" | "machine" | "nobody" } | { readonly kind: "sandbox"; readonly id: string };

interface TunnelAddress {
  readonly host: string;
  readonly port: number;
  readonly unencryptedHost?: string | undefined;
  readonly unencryptedPort?: number | undefined;
}

/**
 * The SDK writes every tunnel as `https://…`, but a local one is plain HTTP on a loopback address, so this uses the
 * unencrypted address there.
 */
export function tunnelOf(port: number, address: TunnelAddress): Tunnel {
  const { unencryptedHost, unencryptedPort } = address;
  if (unencryptedHost && unencryptedPort && isLoopback(unencryptedHost))
    return { port, url: `http://${unencryptedHost}:${unencryptedPort}`, isPublic: false };
  const authority = address.port === 443 ? address.host : `${address.host}:${address.port}`;
  return { port, url: `https://${authority}`, isPublic: !isLoopback(address.host) };
}

/** Adds the listener of a shared port, which the local backend reports in the sandbox's tags. */
export function withListener(tunnel: Tunnel, sandboxId: string, tags: ReadonlyMap<string, string>): Tunnel {
  const listener = tags.get(`modal-local-port-${tunnel.port}`);
  return tunnel.isPublic || listener === undefined
    ? tunnel
    : { ...tunnel, sharedWith: listenerOf(listener, sandboxId) };
}

function listenerOf(listener: string, sandboxId: string): PortListener {
  switch (listener) {
    case "machine":
    case "nobody":
      return { kind: listener };
    case sandboxId:
      return { kind: "itself" };
    default:
      return { kind: "sandbox", id: listener };
  }
}

const isLoopback = (host: string) => host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);

/**
 * Returns the address of a page behind the tunnel, for a browser. A path that would lead to another host, such as
 * `//evil.example` or `/\\evil.example`, is replaced by the root.
 *
 * @param path from a program; by default the path of the tunnel's address
 * @throws UserError if the tunnel's own address isn't a web address
 */
export function tunnelPage({ port, url }: Tunnel, path = ""): string {
  const root = webAddress(url);
  if (!root) throw noWebAddress(port);
  const page = path.startsWith("/") ? webAddress(path, root.href) : undefined;
  return (page?.origin === root.origin ? page : root).href;
}

/** Removes a user name, which can make one host look like another. */
function webAddress(text: string, base?: string): URL | undefined {
  if (!URL.canParse(text, base)) return undefined;
  const address = new URL(text, base);
  const isPlain = /^https?:$/.test(address.protocol) && address.username === "" && address.password === "";
  return isPlain ? address : undefined;
}

const noWebAddress = (port: number) =>
  new UserError(
    `The address of the tunnel to port ${port} is not a web address, so it was not opened. Copy it instead.`,
  );
