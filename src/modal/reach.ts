import { once } from "node:events";
import { request } from "node:http";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { codeOf, messageOf, UserError } from "../base/errors";
import { untrustedCertificate } from "./errors";

const TIMEOUT_MS = 10_000;
const PROXY_AUTHENTICATION_REQUIRED = 407;

/**
 * Opens a connection to a server as gRPC would, through the proxy if there is one, and closes it. Rejects with a
 * `UserError` about the first hop that fails.
 */
export async function reach(serverUrl: string, proxy: string | undefined, signal: AbortSignal): Promise<void> {
  const { hostname, port, protocol } = new URL(serverUrl);
  const isSecure = protocol === "https:";
  const address = { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port || (isSecure ? 443 : 80)) };
  const ended = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
  let socket: Socket | undefined;
  try {
    socket = proxy === undefined ? await directly(address, ended) : await throughProxy(proxy, address, ended);
    if (isSecure) await once(connectTls({ socket, servername: address.host }), "secureConnect", { signal: ended });
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof UserError
      ? error
      : unreachable(proxy === undefined ? address.host : new URL(proxy).host, error);
  } finally {
    socket?.destroy();
  }
}

interface Address {
  readonly host: string;
  readonly port: number;
}

async function directly(address: Address, signal: AbortSignal): Promise<Socket> {
  const socket = connect(address);
  try {
    await once(socket, "connect", { signal });
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

async function throughProxy(proxy: string, { host, port }: Address, signal: AbortSignal): Promise<Socket> {
  const { hostname, port: proxyPort, username, password } = new URL(proxy);
  const credentials = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString("base64");
  const asking = request({
    host: hostname,
    port: proxyPort || 80,
    method: "CONNECT",
    path: `${host}:${port}`,
    signal,
    ...(username && { headers: { "proxy-authorization": `Basic ${credentials}` } }),
  }).end();
  const [answer, socket] = (await once(asking, "connect", { signal })) as [{ statusCode?: number }, Socket];
  if (answer.statusCode === 200) return socket;

  socket.destroy();
  if (answer.statusCode === PROXY_AUTHENTICATION_REQUIRED)
    throw new UserError(
      "The proxy requires a login. Put the user and password into the setting http.proxy: http://user:password@host:port.",
      { actions: [openProxySetting] },
    );
  throw new UserError(`The proxy does not connect to ${host}: it answered ${answer.statusCode ?? "nothing"}.`, {
    actions: [openProxySetting],
  });
}

const openProxySetting = {
  title: "Open Settings",
  command: "workbench.action.openSettings",
  arguments: ["http.proxy"],
};

function unreachable(host: string, error: unknown): UserError {
  const sentence = sentences[codeOf(error) ?? ""] ?? (isUntrusted(error) ? untrustedCertificate : undefined);
  return new UserError(sentence?.(host) ?? `${host} cannot be reached: ${messageOf(error)}.`, { cause: error });
}

const sentences: Record<string, (host: string) => string> = {
  ENOTFOUND: (host) => `The name ${host} is not known. Check the network connection and the proxy.`,
  EAI_AGAIN: (host) => `The name ${host} cannot be looked up right now. Check the network connection.`,
  ECONNREFUSED: (host) => `${host} refuses connections. Check the address, the proxy and the firewall.`,
  ECONNRESET: (host) => `${host} closed the connection. A firewall or a proxy may be in the way.`,
  ENETUNREACH: (host) => `There is no network connection to ${host}.`,
  ABORT_ERR: (host) => `${host} did not answer within ${TIMEOUT_MS / 1000} seconds. A firewall may be in the way.`,
};

const isUntrusted = (error: unknown) => /CERT|SELF_SIGNED|UNABLE_TO/.test(codeOf(error) ?? "");
