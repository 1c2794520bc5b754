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
import type { Isolation } from "./isolation";
import { isOnlyServer } from "./isolation/serverFolder";
import { AppStore } from "./model/apps";
import { BlobStore } from "./model/blobs";
import { EnvironmentStore, readEnvironments } from "./model/environments";
import { gpuHost } from "./model/gpuHost";
import { ImageBuilder } from "./model/imageBuilder";
import { ImageStore } from "./model/images";
import { LayerStore } from "./model/layers";
import { VolumeStore } from "./model/volumes";
import { JsonFile } from "./model/jsonFile";
import { QueueStore } from "./model/queues";
import { SandboxStore } from "./model/sandboxStore";
import { readSecrets, SecretStore } from "./model/secrets";
import { TokenFlows } from "./model/tokenFlows";
import { startPageServer } from "./pages/pageServer";
import { SignInKey } from "./pages/signInKey";
import { signInPage } from "./pages/signInPage";
import { Credentials } from "./protocol/credentials";
import { withFlowControl } from "./protocol/flowControl";
import type { ControlPlane } from "./protocol/messages";
import { implement, reportErrors } from "./protocol/service";
import { accessService, RESOURCE_LIMIT, type Notice } from "./services/access";
import { appsOf, appsService } from "./services/apps";
import { billingService } from "./services/billing";
import { blobPages, blobsService } from "./services/blobs";
import { connectTokensService } from "./services/connectTokens";
import { environmentsService } from "./services/environments";
import { functionCallsService } from "./services/functionCalls";
import { functionsService } from "./services/functions";
import { functionStatsService } from "./services/functionStats";
import { imagesService } from "./services/images";
import { leftOutOfRouter, leftOutService } from "./services/leftOut";
import { logsService } from "./services/logs";
import { networkAccessService } from "./services/networkAccess";
import { queuesService } from "./services/queues";
import { resourceUsageService } from "./services/resourceUsage";
import { routerService } from "./services/router";
import { sandboxCreateService } from "./services/sandboxCreate";
import { exitSnapshotService, taskDiskService } from "./services/sandboxDisk";
import { sandboxInfoService } from "./services/sandboxInfo";
import { sandboxLifecycleService } from "./services/sandboxLifecycle";
import { sandboxOutputService } from "./services/sandboxOutput";
import { sidecarsService } from "./services/sidecars";
import { secretsService } from "./services/secrets";
import { volumesService } from "./services/volumes";
import { webEndpointPages } from "./services/webEndpoints";
import { tokenFlowService } from "./services/tokenFlow";
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
