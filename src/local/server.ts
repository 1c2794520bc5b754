import { join } from "node:path";
import { ModalClientDefinition, TaskCommandRouterDefinition } from "modal/definitions";
import { createServer } from "nice-grpc";
import { messageOf } from "../base/errors";
import type { Logger } from "../base/ports";
import { DeployedFunctions } from "./functions/deployed";
import { deployment } from "./functions/deployment";
import { describeModule } from "./functions/describe";
import { FunctionStore } from "./functions/functionStore";
import type { Faults } from "./faults/faults";
import { faultyCalls } from "./faults/faultyCalls";
import { openLink } from "./faults/link";
import type { Isolation } from "./base/isolation";
import { isOnlyServer } from "./isolation/host/serverFolder";
import { AppStore } from "./account/apps";
import { BlobStore } from "./storage/blobs";
import { EnvironmentStore, readEnvironments } from "./account/environments";
import { gpuHost } from "./sandbox/gpuHost";
import { ImageBuilder } from "./images/imageBuilder";
import { ImageStore } from "./images/images";
import { LayerStore } from "./images/layers";
import { VolumeStore } from "./storage/volumes";
import { JsonFile } from "./base/jsonFile";
import { QueueStore } from "./storage/queues";
import { SandboxStore } from "./sandbox/sandboxStore";
import { readSecrets, SecretStore } from "./storage/secrets";
import { TokenFlows } from "./account/tokenFlows";
import { startPageServer } from "./pages/pageServer";
import { SignInKey } from "./pages/signInKey";
import { signInPage } from "./pages/signInPage";
import { Credentials } from "./account/credentials";
import { withFlowControl } from "./protocol/flowControl";
import type { ControlPlane } from "./protocol/messages";
import { implement, reportErrors } from "./protocol/service";
import { accessService, RESOURCE_LIMIT, type Notice } from "./services/account/access";
import { appsOf, appsService } from "./services/account/apps";
import { billingService } from "./services/account/billing";
import { blobPages, blobsService } from "./services/storage/blobs";
import { connectTokensService } from "./services/sandbox/connectTokens";
import { environmentsService } from "./services/account/environments";
import { functionCallsService } from "./services/functions/functionCalls";
import { functionsService } from "./services/functions/functions";
import { functionStatsService } from "./services/functions/functionStats";
import { imagesService } from "./services/storage/images";
import { leftOutOfRouter, leftOutService } from "./services/leftOut";
import { logsService } from "./services/logs";
import { networkAccessService } from "./services/sandbox/networkAccess";
import { queuesService } from "./services/storage/queues";
import { resourceUsageService } from "./services/sandbox/resourceUsage";
import { routerService } from "./services/sandbox/router";
import { sandboxCreateService } from "./services/sandbox/sandboxCreate";
import { exitSnapshotService, taskDiskService } from "./services/sandbox/sandboxDisk";
import { sandboxInfoService } from "./services/sandbox/sandboxInfo";
import { sandboxLifecycleService } from "./services/sandbox/sandboxLifecycle";
import { sandboxOutputService } from "./services/sandbox/sandboxOutput";
import { sidecarsService } from "./services/sandbox/sidecars";
import { secretsService } from "./services/storage/secrets";
import { volumesService } from "./services/storage/volumes";
import { webEndpointPages } from "./services/functions/webEndpoints";
import { tokenFlowService } from "./services/account/tokenFlow";
import { tunnelCertificate } from "./tls/tunnelCertificate";

export interface ServerOptions {
  readonly port: number;
  readonly isolation: Isolation;
  /** Where what is kept between runs goes. */
  readonly stateDir: string;
  readonly hasNvidiaGpu: boolean;
  /** What every program of a sandbox has in its environment. */
  readonly baseEnv: Readonly<Record<string, string>>;
  /** No other server uses the state folder. */
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

// Signing in is how a client comes by a token.
const OPEN_METHODS = new Set(["ClientHello", "TokenFlowCreate", "TokenFlowWait"]);

/** Modal's control plane and task command router on one port of this machine. */
export async function startServer(options: ServerOptions): Promise<LocalServer> {
  const { isolation, faults, log } = options;
  const credentials = new Credentials((usual) => faults.tokenSeconds(usual));
  const apps = new AppStore();
  const imageFolder = join(options.stateDir, "images", `${isolation.kind}-${isolation.layering}`);
  const images = new ImageStore(imageFolder);
  const layers = new LayerStore(join(imageFolder, "layers"));
  const secrets = new SecretStore(new JsonFile(join(options.stateDir, "secrets.json"), readSecrets));
  const sandboxes = new SandboxStore(isolation.scratch, tunnelCertificate(options.stateDir), log);
  const queues = new QueueStore();
  const environments = new EnvironmentStore(
    new JsonFile(join(options.stateDir, "environments.json"), readEnvironments),
  );
  const blobs = new BlobStore(isolation.scratch);
  const functions = new FunctionStore(isolation);
  const deployed = new DeployedFunctions(join(options.stateDir, "functions"), (source) =>
    describeModule(isolation, source),
  );
  const pages = await startPageServer(log);
  const tokenFlows = new TokenFlows();
  pages.serve("blobs", blobPages(blobs));
  pages.serve("functions", webEndpointPages(functions));
  pages.serve("sign-in", signInPage(tokenFlows, new SignInKey(isolation.scratch)));
  const gpus = gpuHost(options.hasNvidiaGpu, faults);
  const host = { architecture: process.arch, hasNvidiaGpu: options.hasNvidiaGpu };
  const builder = new ImageBuilder({ isolation, images, layers, host, baseEnv: options.baseEnv });
  const volumes = new VolumeStore(join(options.stateDir, "volumes"), () => !isOnlyServer(options.stateDir));
  const swept = options.isAlone ? Promise.all([layers.keepOnly(images.sweep()), volumes.sweep()]) : undefined;
  swept?.catch((error: unknown) => {
    log.warn(`What nothing needs any more could not be removed: ${messageOf(error)}`);
  });
  let port = options.port;
  // The SDK insists on https in the router's URL, yet dials it in plain text where the server is on loopback.
  const routerUrl = () => `https://127.0.0.1:${port}`;

  const sidecars = sidecarsService({
    isolation,
    images,
    layers,
    volumes,
    secrets,
    sandboxes,
    credentials,
    log,
  });
  const controlPlane: ControlPlane = {
    ...sidecars.controlPlane,
    ...accessService(credentials, noticesOf(options)),
    ...tokenFlowService(tokenFlows, credentials, `${pages.url}/sign-in`),
    ...billingService(),
    ...leftOutService(),
    ...environmentsService(environments, [appsOf(apps, sandboxes), secrets, queues, volumes]),
    ...appsService({ apps, environments, sandboxes, deployment: deployment(deployed, functions, apps) }),
    ...imagesService({ images, builder, secrets }),
    ...secretsService(secrets, environments),
    ...volumesService(volumes, environments),
    ...queuesService(queues, environments),
    ...blobsService(blobs, `${pages.url}/blobs`),
    ...functionsService({ deployed, functions, apps, environments, secrets, blobs, webUrl: `${pages.url}/functions` }),
    ...functionStatsService(functions),
    ...functionCallsService(functions, blobs),
    ...sandboxCreateService({
      isolation,
      apps,
      images,
      layers,
      volumes,
      log,
      secrets,
      sandboxes,
      credentials,
      gpus,
      routerUrl,
    }),
    ...sandboxInfoService(sandboxes, apps),
    ...sandboxLifecycleService({ sandboxes, credentials, routerUrl }),
    ...sandboxOutputService(sandboxes),
    ...exitSnapshotService(sandboxes),
    ...logsService(sandboxes, functions.logs),
    ...resourceUsageService(sandboxes),
    ...connectTokensService(sandboxes),
  };

  const router = {
    ...routerService(sandboxes, secrets),
    ...taskDiskService(sandboxes, images),
    ...sidecars.router,
    ...networkAccessService(sandboxes),
    ...leftOutOfRouter,
  };

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

/** What a user should know of sandboxes on this machine. */
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
