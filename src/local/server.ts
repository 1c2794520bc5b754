import { ModalClientDefinition, TaskCommandRouterDefinition } from "modal/definitions";
import { createServer } from "nice-grpc";
import type { Logger } from "../base/ports";
import type { Isolation } from "./base/isolation";
import type { Faults } from "./faults/faults";
import { faultyCalls } from "./faults/faultyCalls";
import { openLink } from "./faults/link";
import { ImageBuilder } from "./images/imageBuilder";
import { startPageServer } from "./pages/pageServer";
import { SignInKey } from "./pages/signInKey";
import { signInPage } from "./pages/signInPage";
import { withFlowControl } from "./protocol/flowControl";
import type { ControlPlane } from "./protocol/messages";
import { implement, reportErrors } from "./protocol/service";
import { gpuHost } from "./sandbox/gpuHost";
import { RESOURCE_LIMIT, type Notice } from "./services/account/access";
import { accountServices } from "./services/account/accountServices";
import { functionServices } from "./services/functions/functionServices";
import { webEndpointPages } from "./services/functions/webEndpoints";
import { leftOutOfRouter, leftOutService } from "./services/leftOut";
import { logsService } from "./services/logs";
import { sandboxServices } from "./services/sandbox/sandboxServices";
import { blobPages } from "./services/storage/blobs";
import { storageServices } from "./services/storage/storageServices";
import { openStores } from "./stores";

export interface ServerOptions {
  readonly port: number;
  readonly isolation: Isolation;
  /** The folder for data that outlives the server. */
  readonly stateDir: string;
  readonly hasNvidiaGpu: boolean;
  /** The environment of every program in a sandbox. */
  readonly baseEnv: Readonly<Record<string, string>>;
  /** True if no other server uses the state folder. */
  readonly isAlone: boolean;
  readonly faults: Faults;
  readonly log: Logger;
}

export interface LocalServer {
  readonly serverUrl: string;
  readonly tokenId: string;
  readonly tokenSecret: string;
  /** Ends every sandbox, then every call. */
  stop(): Promise<void>;
}

// A client that signs in has no token yet.
const OPEN_METHODS = new Set(["ClientHello", "TokenFlowCreate", "TokenFlowWait"]);

/** Modal's control plane and task command router on one port of this machine. */
export async function startServer(options: ServerOptions): Promise<LocalServer> {
  const { isolation, faults, log, hasNvidiaGpu, baseEnv } = options;
  const stores = openStores(options);
  const { credentials, sandboxes, functions, images, layers } = stores;
  const pages = await startPageServer(log);
  pages.serve("blobs", blobPages(stores.blobs));
  pages.serve("functions", webEndpointPages(functions));
  pages.serve("sign-in", signInPage(stores.tokenFlows, new SignInKey(isolation.scratch)));
  const host = { architecture: process.arch, hasNvidiaGpu };
  const builder = new ImageBuilder({ isolation, images, layers, host, baseEnv });
  let port = options.port;
  // The SDK insists on https in the router's URL, yet dials a server on loopback in plain text.
  const routerUrl = () => `https://127.0.0.1:${port}`;

  const sandbox = sandboxServices(stores, { isolation, gpus: gpuHost(hasNvidiaGpu, faults), routerUrl, log });
  const controlPlane: ControlPlane = {
    ...leftOutService(),
    ...accountServices(stores, { notices: noticesOf(options), signInUrl: `${pages.url}/sign-in` }),
    ...storageServices(stores, { builder, blobsUrl: `${pages.url}/blobs` }),
    ...functionServices(stores, `${pages.url}/functions`),
    ...sandbox.controlPlane,
    ...logsService(sandboxes, functions.logs),
  };
  const router = { ...sandbox.router, ...leftOutOfRouter };

  // One write to a program's input may carry 100 MB.
  const server = createServer({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 })
    .use(reportErrors(log))
    .use(faultyCalls(faults, (id) => sandboxes.lookUp(id)?.lose()));
  server
    .with(credentials.guardControlPlane(OPEN_METHODS))
    .add(ModalClientDefinition, implement(ModalClientDefinition, controlPlane));
  server
    .with(credentials.guardRouter())
    .add(TaskCommandRouterDefinition, implement(TaskCommandRouterDefinition, router));
  const ownPort = await withFlowControl({ isTrusted: (headers) => credentials.accepts(headers) }, () =>
    server.listen(`127.0.0.1:${faults.isOn ? 0 : options.port}`),
  );
  const link = faults.isOn ? await openLink(options.port, ownPort, () => faults.link) : undefined;
  port = link?.port ?? ownPort;

  return {
    serverUrl: `http://127.0.0.1:${port}`,
    tokenId: credentials.tokenId,
    tokenSecret: credentials.tokenSecret,
    async stop() {
      await Promise.all([sandboxes.terminateAll(), functions.dispose()]);
      pages.stop();
      server.forceShutdown();
      link?.dispose();
    },
  };
}

/** Shown to the user: how sandboxes on this machine differ from Modal's. */
const noticesOf = ({ isolation, hasNvidiaGpu }: ServerOptions): Notice[] => [
  { type: 0, message: `Local backend, isolation ${isolation.kind}: ${isolation.description}` },
  ...(hasNvidiaGpu
    ? []
    : [
        {
          type: RESOURCE_LIMIT,
          message: "Local backend: no NVIDIA GPU on this machine; GPU sandboxes run on the CPU.",
        } as const,
      ]),
];
