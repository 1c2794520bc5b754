import { codeOf, messageOf } from "../../../base/errors";
import type { Container } from "../../sandbox/container";
import type { ImageStore } from "../../images/images";
import { requireMountable } from "../../protocol/mountPath";
import type { SnapshotOptions } from "../../sandbox/sandboxDisk";
import type { SandboxStore } from "../../sandbox/sandboxStore";
import type {
  ContainerRequest,
  EncryptionRequest,
  PathRequest,
  SnapshotRequest,
  TaskDisk,
} from "../../protocol/diskMessages";
import { failedPrecondition, invalidArgument, notFound, unimplemented } from "../../protocol/errors";
import type { ControlPlane, Request } from "../../protocol/messages";
import { unknownImage } from "../storage/images";
import { within } from "../../base/timeLimit";

/** All the files of a running sandbox: images made from them, and images mounted among them. */
export function taskDiskService(sandboxes: SandboxStore, images: ImageStore): TaskDisk {
  const find = ({ taskId, containerId }: ContainerRequest): Container =>
    sandboxes.byTask(taskId).containerOf(containerId);

  return {
    async taskSnapshotFilesystem(request) {
      const container = find(request);
      const { id } = await container.disk.snapshot(container.runningRoot(), readOptions(request)).catch(failed);
      return { imageId: id };
    },

    async taskSnapshotDirectory(request) {
      refuseEncryption(request);
      const container = find(request);
      const path = readPath(request);
      const { id } = await container.disk
        .snapshotFolder(container.runningRoot(), path, readOptions(request))
        .catch((error: unknown) => {
          if (codeOf(error) === "ENOENT") throw notFound(`There is no folder ${path} in ${container.id}.`);
          return failed(error);
        });
      return { imageId: id };
    },

    async taskMountDirectory(request) {
      refuseEncryption(request);
      const container = find(request);
      const image = images.get(request.imageId);
      if (request.imageId && !image) throw unknownImage(request.imageId);
      if (image?.layers.length === 0)
        throw failedPrecondition(
          `Image ${image.id} has no files of its own, because it stands for this machine's files.`,
        );
      const path = readMountPath(request);
      await container.disk.mount(container.runningRoot(), path, image).catch(failed);
      return {};
    },

    async taskUnmountDirectory(request) {
      const container = find(request);
      const path = readMountPath(request);
      container.runningRoot();
      const isGone = await container.disk.unmount(path).catch((error: unknown) => {
        if (codeOf(error) === "EBUSY") throw failedPrecondition(`${path} is busy: a program uses it.`);
        return failed(error);
      });
      if (!isGone) throw notFound(`No image is mounted at ${path}.`);
      return {};
    },

    async taskReloadVolumes(request) {
      const container = find(request);
      container.runningRoot();
      await container.disk.reloadVolumes().catch((error: unknown) => {
        if (codeOf(error) === "EBUSY") throw failedPrecondition("A volume is busy: a program has files in it open.");
        return failed(error);
      });
      return {};
    },
  };
}

/** The image of an ended sandbox's files. */
export function exitSnapshotService(sandboxes: SandboxStore): ControlPlane {
  const get = async (
    { sandboxId, timeout }: Request<"sandboxGetExitSnapshotV2">,
    { signal }: { readonly signal: AbortSignal },
  ) => {
    const { disk } = sandboxes.get(sandboxId).container;
    if (!disk.keepsExitSnapshot)
      throw invalidArgument(`Sandbox ${sandboxId} was not created with the option enable_exit_snapshot.`);
    const snapshot = await within(timeout, signal, (limit) => disk.exitSnapshot.wait(limit));
    if (!snapshot) return { pending: {} };
    if (snapshot.kind === "image") return { success: { imageId: snapshot.imageId } };
    return { error: { errorCode: INCONSISTENT, message: snapshot.reason } };
  };
  return { sandboxGetExitSnapshot: get, sandboxGetExitSnapshotV2: get };
}

// `SandboxGetExitSnapshotResponse.ErrorCode`: no snapshot exists.
const INCONSISTENT = 3;

function readOptions({ snapshotId, ttlSeconds }: SnapshotRequest): SnapshotOptions {
  if (ttlSeconds === 0) throw invalidArgument("A snapshot's lifetime must be at least one second.");
  return { id: snapshotId, ttlSecs: ttlSeconds === undefined || ttlSeconds < 0 ? undefined : ttlSeconds };
}

function readPath({ path }: PathRequest): string {
  const text = Buffer.from(path).toString();
  if (!text.startsWith("/")) throw invalidArgument(`"${text}" is not an absolute path.`);
  return text;
}

function readMountPath(request: PathRequest): string {
  const path = readPath(request).replace(/(?<=.)\/+$/, "");
  requireMountable(path);
  return path;
}

function refuseEncryption({ customerSuppliedEncryptionKey }: EncryptionRequest): void {
  if (customerSuppliedEncryptionKey !== undefined)
    throw unimplemented("The local backend does not encrypt snapshots. Omit the key.");
}

function failed(error: unknown): never {
  throw failedPrecondition(messageOf(error));
}
