import { messageOf } from "../../../base/errors";
import type { Logger } from "../../../base/ports";
import type { Isolation } from "../../base/isolation";
import { Container } from "../../sandbox/container";
import { newId } from "../../base/ids";
import type { ImageStore } from "../../images/images";
import type { LayerStore } from "../../images/layers";
import { logSource } from "../../streams/logBook";
import { LoggedSpool } from "../../streams/loggedSpool";
import type { Sandbox } from "../../sandbox/sandbox";
import { SandboxDisk } from "../../sandbox/sandboxDisk";
import { terminated } from "../../sandbox/sandboxResult";
import type { ContainerDefinition } from "../../sandbox/definition";
import { readContainerSpec } from "../../sandbox/sandboxSpec";
import type { SandboxStore } from "../../sandbox/sandboxStore";
import type { SecretStore } from "../../storage/secrets";
import type { Sidecar } from "../../sandbox/sidecars";
import type { VolumeStore } from "../../storage/volumes";
import type { Credentials } from "../../account/credentials";
import { failedPrecondition, invalidArgument, notFound } from "../../protocol/errors";
import type { ControlPlane } from "../../protocol/messages";
import type { SidecarInfo, TaskSidecars } from "../../protocol/sidecarMessages";
import { Idempotency, idempotencyKey } from "../../protocol/idempotency";
import { unknownImage } from "../storage/images";
import { genericResult } from "./sandboxInfo";
import { mergeSecrets, mergeSources, type Env } from "../storage/secrets";
import { within } from "../../base/timeLimit";
import { readVolumeMounts } from "../storage/volumes";

export interface SidecarDependencies {
  readonly isolation: Isolation;
  readonly images: ImageStore;
  readonly layers: LayerStore;
  readonly volumes: VolumeStore;
  readonly secrets: SecretStore;
  readonly sandboxes: SandboxStore;
  readonly credentials: Credentials;
  readonly log: Logger;
}

interface NewSidecar {
  readonly name: string;
  readonly definition: ContainerDefinition;
  readonly env: Env;
}

/** Containers next to a sandbox's own. */
export function sidecarsService(dependencies: SidecarDependencies): {
  readonly controlPlane: ControlPlane;
  readonly router: TaskSidecars;
} {
  const { isolation, sandboxes, secrets, credentials } = dependencies;
  const once = new Idempotency<Sidecar>();

  async function create(sandbox: Sandbox, request: NewSidecar): Promise<Sidecar> {
    sandbox.container.runningRoot();
    const sidecar = { name: request.name, container: makeContainer(sandbox, request, dependencies) };
    sandbox.sidecars.add(sidecar);
    await sidecar.container.start(isolation).catch((error: unknown) => {
      throw failedPrecondition(`The sidecar container could not start: ${messageOf(error)}`);
    });
    return sidecar;
  }

  const named = ({ name, container }: Sidecar) => ({ containerId: container.id, containerName: name });
  const info = (sidecar: Sidecar): SidecarInfo => ({
    ...named(sidecar),
    result: sidecar.container.result && genericResult(sidecar.container.result),
  });

  return {
    controlPlane: {
      async sandboxContainerCreateV2({ sandboxId, containerName: name, definition, secretSources }, context) {
        if (!definition) throw invalidArgument("A sidecar container needs a definition.");
        const sandbox = sandboxes.get(sandboxId);
        const { secretIds, includeOidcIdentityToken } = definition;
        const env = {
          ...mergeSecrets(secrets, secretIds),
          ...mergeSources(secrets, secretSources),
          ...(includeOidcIdentityToken && credentials.identity(sandbox.appId)),
        };
        return named(await once.run(idempotencyKey(context), () => create(sandbox, { name, definition, env })));
      },
    },

    router: {
      async taskContainerCreate({ taskId, containerName: name, args, env, secretIds, secretSources, ...rest }) {
        const definition = {
          ...rest,
          entrypointArgs: [...args],
          workdir: rest.workdir || undefined,
          cloudBucketMounts: [],
        };
        const all = { ...env, ...mergeSecrets(secrets, secretIds), ...mergeSources(secrets, secretSources) };
        return named(await create(sandboxes.byTask(taskId), { name, definition, env: all }));
      },

      async taskContainerGet({ taskId, containerName, includeTerminated }) {
        const found = sandboxes.byTask(taskId).sidecars.find(containerName, includeTerminated);
        if (!found) throw notFound(`Sidecar container "${containerName}" not found.`);
        return Promise.resolve({ container: info(found) });
      },

      async taskContainerList({ taskId, includeTerminated }) {
        return Promise.resolve({ containers: sandboxes.byTask(taskId).sidecars.list(includeTerminated).map(info) });
      },

      async taskContainerTerminate({ taskId, containerId }) {
        const { container } = sandboxes.byTask(taskId).sidecars.get(containerId);
        container.end(terminated);
        await container.whenFinished();
        return {};
      },

      async taskContainerWait({ taskId, containerId, timeout }, { signal }) {
        const { container } = sandboxes.byTask(taskId).sidecars.get(containerId);
        const result = await within(timeout, signal, (limit) => container.whenFinished(limit));
        return { result: result && genericResult(result) };
      },
    },
  };
}

function makeContainer(
  sandbox: Sandbox,
  { name, definition, env }: NewSidecar,
  { isolation, images, layers, volumes, log }: SidecarDependencies,
): Container {
  if (name === "" || name === "main") throw invalidArgument(`A sidecar container cannot be named "${name}".`);
  sandbox.sidecars.requireFreeName(name);
  const image = images.get(definition.imageId);
  if (!image) throw unknownImage(definition.imageId);

  const volumeMounts = readVolumeMounts(definition, volumes);
  return new Container({
    id: newId("ct"),
    spec: readContainerSpec(definition, image),
    environment: sandbox.environmentWith({ ...image.env, ...env }, image.id),
    disk: new SandboxDisk({ image, images, layers, isolation, volumes, volumeMounts, log, keepsExitSnapshot: false }),
    stdout: new LoggedSpool(isolation.scratch, sandbox.logs.open(logSource.stdout)),
    stderr: new LoggedSpool(isolation.scratch, sandbox.logs.open(logSource.stderr)),
    owner: { prepare: () => Promise.resolve(), started: () => undefined, release: () => Promise.resolve() },
    log,
  });
}
