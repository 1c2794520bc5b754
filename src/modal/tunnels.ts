/** The address at which a port of a sandbox can be reached from anywhere, by anyone who knows it. */
export interface Tunnel {
  /** The port inside the sandbox. */
  readonly port: number;
  readonly url: string;
  /** Whether the URL answers to anyone on the internet, rather than to this machine alone. */
  readonly isPublic: boolean;
}

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

const isLoopback = (host: string) => host === "localhost" || host === "::1" || host.startsWith("127.");
