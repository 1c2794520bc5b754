import { messageOf } from "../../../base/errors";
import type { Logger } from "../../../base/ports";
import type { Isolation } from "../../base/isolation";
import type { AppStore } from "../../account/apps";
import type { GpuHost } from "../../sandbox/gpuHost";
import type { ImageStore } from "../../images/images";
import type { Generation } from "../../base/ids";
import type { Sandbox } from "../../sandbox/sandbox";
import { sharesNetwork, unkeptPolicy } from "../../sandbox/networkPolicy";
import { SandboxDisk } from "../../sandbox/sandboxDisk";
import type { Definition } from "../../sandbox/definition";
import { readSpec } from "../../sandbox/sandboxSpec";
import type { SandboxStore } from "../../sandbox/sandboxStore";
import type { LayerStore } from "../../images/layers";
import type { SecretStore } from "../../storage/secrets";
import type { VolumeStore } from "../../storage/volumes";
import type { Credentials } from "../../account/credentials";
import { failedPrecondition, invalidArgument, notFound } from "../../protocol/errors";
import type { ControlPlane, Reply } from "../../protocol/messages";
import { Idempotency, idempotencyKey } from "../../protocol/idempotency";
import { unknownImage } from "../storage/images";
import { readTags, tunnelData, type Tag } from "./sandboxInfo";
import { mergeSecrets, mergeSources, type Env } from "../storage/secrets";
import { readVolumeMounts } from "../storage/volumes";

export interface CreateDependencies {
  readonly isolation: Isolation;
  readonly apps: AppStore;
  readonly images: ImageStore;
  readonly layers: LayerStore;
  readonly volumes: VolumeStore;
  readonly log: Logger;
  readonly secrets: SecretStore;
  readonly sandboxes: SandboxStore;
  readonly credentials: Credentials;
  readonly gpus: GpuHost;
  readonly routerUrl: () => string;
}

interface NewSandbox {
  readonly generation: Generation;
  readonly appId: string;
  readonly definition: Definition | undefined;
  readonly tags: readonly Tag[];
  readonly env: Env;
}

export function sandboxCreateService(dependencies: CreateDependencies): ControlPlane {
  const { isolation, apps, images, layers, volumes, log, secrets, sandboxes, credentials, gpus, routerUrl } =
    dependencies;
  // These keep answers and not sandboxes, which would otherwise stay in memory.
  const onceV1 = new Idempotency<Reply<"sandboxCreate">>();
  const onceV2 = new Idempotency<Reply<"sandboxCreateV2">>();

  function add({ generation, appId, definition, tags, env }: NewSandbox): Sandbox {
    if (!definition) throw invalidArgument("A sandbox needs a definition.");
    if (!apps.get(appId)) throw notFound(`App ${appId} was not found.`);
    const image = images.get(definition.imageId);
    if (!image) throw unknownImage(definition.imageId);

    const spec = readSpec(definition, image, {
      ...mergeSecrets(secrets, definition.secretIds),
      ...env,
      ...(definition.includeOidcIdentityToken && credentials.identity(appId)),
    });
    const volumeMounts = readVolumeMounts(definition, volumes);
    const notices = [
      ...(volumeMounts.length > 0 && isolation.kind === "directory" ? [VOLUMES_ARE_COPIES] : []),
      ...[unkeptPolicy(spec.network, isolation.network)].flatMap((notice) => notice ?? []),
    ];
    return sandboxes.create({
      generation,
      appId,
      spec,
      sharesNetwork: sharesNetwork(spec.network, isolation.network),
      tags: readTags(tags),
      greeting: gpus.greeting(spec.gpu?.type) + [...image.notices, ...notices].map((line) => `${line}\n`).join(""),
      disk: new SandboxDisk({
        image,
        images,
        layers,
        isolation,
        volumes,
        volumeMounts,
        log,
        keepsExitSnapshot: spec.keepsExitSnapshot,
      }),
    });
  }

  return {
    // In the first generation, the call returns immediately, and the client polls for the task.
    sandboxCreate: ({ appId, definition, tags }, context) =>
      onceV1.run(idempotencyKey(context), () => {
        const sandbox = add({ generation: "V1", appId, definition, tags, env: {} });
        gpus
          .untilCapacity(sandbox.spec.gpu?.type, sandbox.container.ending)
          .then(() => sandbox.container.start(isolation))
          .catch(() => undefined);
        return Promise.resolve({ sandboxId: sandbox.id, metadata: { appId } });
      }),

    sandboxCreateV2: ({ appId, definition, tags, secretSources, ephemeralSecrets }, context) =>
      onceV2.run(idempotencyKey(context), async () => {
        const env = { ...ephemeralSecrets?.contents, ...mergeSources(secrets, secretSources) };
        const sandbox = add({ generation: "V2", appId, definition, tags, env });
        await sandbox.container.start(isolation).catch((error: unknown) => {
          throw failedPrecondition(`The sandbox could not start: ${messageOf(error)}`);
        });
        return {
          sandboxId: sandbox.id,
          taskId: sandbox.taskId,
          metadata: { appId },
          tunnels: tunnelData(sandbox),
          commandRouterAccess: { jwt: credentials.routerToken(sandbox.taskId), url: routerUrl() },
        };
      }),
  };
}

const VOLUMES_ARE_COPIES =
  "local backend: without isolation, a volume is a writable copy, and only command-line words that begin with its path find it.";
