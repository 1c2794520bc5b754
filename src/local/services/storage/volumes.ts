import type { EnvironmentStore } from "../../account/environments";
import type { VolumeMountSpec } from "../../sandbox/volumeMount";
import type { Volume, VolumeStore } from "../../storage/volumes";
import type { Definition } from "../../sandbox/definition";
import { alreadyExists, invalidArgument, notFound } from "../../protocol/errors";
import type { ControlPlane, Request } from "../../protocol/messages";
import { OBJECT_NAME, objectCreation } from "../../protocol/objectCreation";
import { requireMountable } from "../../protocol/mountPath";

/** Creates, finds and removes volumes. */
export function volumesService(volumes: VolumeStore, environments: EnvironmentStore): ControlPlane {
  const named = (request: Request<"volumeGetOrCreate">): Volume => {
    const { deploymentName: name, environmentName, objectCreationType, version } = request;
    const createsOne = objectCreationType !== objectCreation.lookUp;
    const environment = environments.nameFor(environmentName, createsOne);
    const known = volumes.find(environment, name);
    if (known && objectCreationType === objectCreation.createOrFail)
      throw alreadyExists(`Volume '${name}' already exists in environment '${environment}'.`);
    if (known) return known;
    if (!createsOne) throw notFound(`Volume '${name}' not found in environment '${environment}'.`);
    requireName(name);
    return volumes.create(environment, { name, fsVersion: readVersion(version) });
  };

  return {
    async volumeGetOrCreate(request) {
      const volume =
        request.objectCreationType === objectCreation.ephemeral
          ? volumes.create(environments.nameFor(request.environmentName, true), {
              name: undefined,
              fsVersion: readVersion(request.version),
            })
          : named(request);
      return Promise.resolve({ volumeId: volume.id, version: volume.fsVersion, metadata: metadata(volume) });
    },

    async volumeGetById({ volumeId }) {
      return Promise.resolve({ volumeId, metadata: metadata(volumes.get(volumeId)) });
    },

    async volumeHeartbeat({ volumeId }) {
      volumes.heartbeat(volumeId);
      return Promise.resolve({});
    },

    async volumeDelete({ volumeId }) {
      volumes.get(volumeId);
      volumes.delete(volumeId);
      return Promise.resolve({});
    },

    async volumeRename({ volumeId, name }) {
      const volume = volumes.get(volumeId);
      requireName(name);
      if (volumes.find(volume.environment, name)) throw alreadyExists(`Volume '${name}' already exists.`);
      volumes.rename(volumeId, name);
      return Promise.resolve({});
    },

    async volumeList({ environmentName, pagination }) {
      const { name } = environments.get(environmentName);
      const { createdBefore = 0, maxObjects = 0 } = pagination ?? {};
      const items = volumes
        .list(name)
        .filter(({ createdAt }) => createdBefore === 0 || createdAt < createdBefore)
        .slice(0, maxObjects === 0 ? undefined : maxObjects)
        .map((volume) => ({
          label: volume.name ?? "",
          volumeId: volume.id,
          createdAt: volume.createdAt,
          metadata: metadata(volume),
        }));
      return Promise.resolve({ environmentName: name, items });
    },
  };
}

/** The volumes to mount in a sandbox, with their paths. */
export function readVolumeMounts(
  definition: Pick<Definition, "volumeMounts">,
  volumes: VolumeStore,
): readonly VolumeMountSpec[] {
  const mounts = definition.volumeMounts.map(({ volumeId, mountPath, readOnly, subPath }) => {
    volumes.get(volumeId);
    requireMountable(mountPath);
    return { volumeId, path: mountPath.replace(/\/+$/, ""), readOnly, subPath: readSubPath(subPath ?? "") };
  });
  if (new Set(mounts.map(({ path }) => path)).size < mounts.length)
    throw invalidArgument("Only one volume can be mounted at a path.");
  return mounts;
}

function readSubPath(path: string): string {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) throw invalidArgument(`The sub-path "${path}" leads out of its volume.`);
  return parts.join("/");
}

function requireName(name: string): void {
  if (!OBJECT_NAME.test(name))
    throw invalidArgument(`"${name}" is not a valid volume name. Use up to 64 letters, digits, "-", "_" and ".".`);
}

const readVersion = (version: number): 1 | 2 => (version === 2 ? 2 : 1);

const metadata = ({ name, fsVersion, createdAt }: Volume) => ({
  name: name ?? "",
  version: fsVersion,
  creationInfo: { createdAt },
});
