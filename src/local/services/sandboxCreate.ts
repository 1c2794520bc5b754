import { messageOf } from "../../base/errors";
import type { Logger } from "../../base/ports";
import type { Isolation } from "../isolation";
import type { AppStore } from "../model/apps";
import type { GpuHost } from "../model/gpuHost";
import type { ImageStore } from "../model/images";
import type { Generation } from "../model/ids";
import type { Sandbox } from "../model/sandbox";
import { SandboxDisk } from "../model/sandboxDisk";
import { readSpec, type Definition } from "../model/sandboxSpec";
import type { SandboxStore } from "../model/sandboxStore";
import type { LayerStore } from "../model/layers";
import type { SecretStore } from "../model/secrets";
import type { VolumeStore } from "../model/volumes";
import type { Credentials } from "../protocol/credentials";
import { failedPrecondition, invalidArgument, notFound } from "../protocol/errors";
import type { ControlPlane } from "../protocol/messages";
import { Idempotency, idempotencyKey } from "./idempotency";
import { unknownImage } from "./images";
import { readTags, tunnelData, type Tag } from "./sandboxInfo";
import { mergeSecrets, mergeSources, type Env } from "./secrets";
import { readVolumeMounts } from "./volumes";

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
  const onceV1 = new Idempotency<Sandbox>();
  const onceV2 = new Idempotency<Sandbox>();

  function add({ generation, appId, definition, tags, env }: NewSandbox): Sandbox {
    if (!definition) throw invalidArgument("A sandbox needs a definition.");
    if (!apps.get(appId)) throw notFound(`App ${appId} was not found.`);
    const image = images.get(definition.imageId);
    if (!image) throw unknownImage(definition.imageId);

    const spec = readSpec(definition, image, { ...mergeSecrets(secrets, definition.secretIds), ...env });
    const volumeMounts = readVolumeMounts(definition, volumes);
    const notices = volumeMounts.length > 0 && isolation.kind === "directory" ? [VOLUMES_ARE_COPIES] : [];
    return sandboxes.create({
      generation,
      appId,
      spec,
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
        keepsExitSnapshot: isOn(definition.experimentalOptionsV2.enable_exit_snapshot),
      }),
    });
  }

  return {
    // The first generation answers at once; the client then asks for the task until there is one.
    sandboxCreate: ({ appId, definition, tags }, context) =>
      onceV1
        .run(idempotencyKey(context), () => {
          const sandbox = add({ generation: "V1", appId, definition, tags, env: {} });
          gpus
            .untilCapacity(sandbox.spec.gpu?.type, sandbox.ending)
            .then(() => sandbox.start(isolation))
            .catch(() => undefined);
          return Promise.resolve(sandbox);
        })
        .then((sandbox) => ({ sandboxId: sandbox.id, metadata: { appId } })),

    async sandboxCreateV2({ appId, definition, tags, secretSources, ephemeralSecrets }, context) {
      const sandbox = await onceV2.run(idempotencyKey(context), async () => {
        const env = { ...ephemeralSecrets?.contents, ...mergeSources(secrets, secretSources) };
        const added = add({ generation: "V2", appId, definition, tags, env });
        await added.start(isolation).catch((error: unknown) => {
          throw failedPrecondition(`The sandbox could not start: ${messageOf(error)}`);
        });
        return added;
      });
      return {
        sandboxId: sandbox.id,
        taskId: sandbox.taskId,
        metadata: { appId },
        tunnels: tunnelData(sandbox),
        commandRouterAccess: { jwt: credentials.routerToken(sandbox.taskId), url: routerUrl() },
      };
    },
  };
}

const VOLUMES_ARE_COPIES =
  "local backend: without isolation a volume is a copy that can be written, and is found only by words of a command line that begin with its path.";

const isOn = (option: string | undefined): boolean => option?.toLowerCase() === "true" || option === "1";
