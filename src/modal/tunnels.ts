import { UserError } from "../base/errors";

/** The address at which a port of a sandbox can be reached from anywhere, by anyone who knows it. */
export interface Tunnel {
  /** The port inside the sandbox. */
  readonly port: number;
  readonly url: string;
  /** Whether the URL answers to anyone on the internet, rather than to this machine alone. */
  readonly isPublic: boolean;
  /** On the local backend, if the port is this machine's and the sandbox is not alone in wanting it: who listens there. */
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
 * The SDK writes every tunnel as `https://…`, yet a local one is plain HTTP on a loopback address: there the
 * unencrypted pair is the one to use.
 */
export function tunnelOf(port: number, address: TunnelAddress): Tunnel {
  const { unencryptedHost, unencryptedPort } = address;
  if (unencryptedHost && unencryptedPort && isLoopback(unencryptedHost))
    return { port, url: `http://${unencryptedHost}:${unencryptedPort}`, isPublic: false };
  const authority = address.port === 443 ? address.host : `${address.host}:${address.port}`;
  return { port, url: `https://${authority}`, isPublic: !isLoopback(address.host) };
}

/** Adds what the local backend says in a sandbox's tags about a port that it shares. */
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
 * The address of a page that the tunnel leads to, for a browser. A path that would lead to another host, as
 * `//evil.example` and `/\\evil.example` do, counts as the root.
 *
 * @param path as a program gave it; by default what the tunnel's address has
 * @throws UserError if the tunnel's own address is not one of the web
 */
export function tunnelPage({ port, url }: Tunnel, path = ""): string {
  const root = webAddress(url);
  if (!root) throw noWebAddress(port);
  const page = path.startsWith("/") ? webAddress(path, root.href) : undefined;
  return (page?.origin === root.origin ? page : root).href;
}

/** Without a user name, which makes one host look like another. */
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
