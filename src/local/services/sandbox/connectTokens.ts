import { openConnectProxy, type ConnectProxy } from "../../connect/connectProxy";
import type { Sandbox } from "../../sandbox/sandbox";
import type { SandboxStore } from "../../sandbox/sandboxStore";
import { invalidArgument, notFound } from "../../protocol/errors";
import type { ControlPlane, Request } from "../../protocol/messages";

const DEFAULT_PORT = 8080;
const MAX_USER_DATA_LENGTH = 512;

/** Tokens that give their holders access to a port of a sandbox over HTTP. */
export function connectTokensService(sandboxes: SandboxStore): ControlPlane {
  const proxies = new WeakMap<Sandbox, Promise<ConnectProxy>>();

  const proxyOf = (sandbox: Sandbox): Promise<ConnectProxy> => {
    const known = proxies.get(sandbox);
    if (known) return known;
    const opened = openConnectProxy({
      connect: (port) => sandbox.connect(port),
      onRequest: () => sandbox.activity.begin(),
    });
    proxies.set(sandbox, opened);
    void Promise.all([opened, sandbox.whenFinished()]).then(([proxy]) => proxy.dispose());
    return opened;
  };

  const create = async ({ sandboxId, userMetadata, port = DEFAULT_PORT }: Request<"sandboxCreateConnectToken">) => {
    const sandbox = sandboxes.get(sandboxId);
    if (sandbox.result) throw notFound(`Sandbox ${sandboxId} has ended.`);
    if (port < 1 || port > 65535) throw invalidArgument(`${port} is not a valid port.`);
    if (userMetadata.length > MAX_USER_DATA_LENGTH || /[^\x20-\x7e]/.test(userMetadata))
      throw invalidArgument(
        `The metadata of a connect token is limited to ${MAX_USER_DATA_LENGTH} printable ASCII characters.`,
      );
    const proxy = await proxyOf(sandbox);
    return { url: proxy.url, token: proxy.issue(port, userMetadata) };
  };

  return {
    sandboxCreateConnectToken: (request) => create(request),
    sandboxCreateConnectTokenV2: (request) => create(request),
  };
}
