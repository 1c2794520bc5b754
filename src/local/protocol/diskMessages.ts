import type { CallContext } from "nice-grpc";

/** The handlers of the task command router for a sandbox's files. The SDK's typings lack their messages. */
export interface TaskDisk {
  taskSnapshotFilesystem(request: SnapshotRequest, context: CallContext): Promise<{ imageId: string }>;
  taskSnapshotDirectory(
    request: SnapshotRequest & PathRequest & EncryptionRequest,
    context: CallContext,
  ): Promise<{ imageId: string }>;
  taskMountDirectory(request: PathRequest & EncryptionRequest & { readonly imageId: string }): Promise<Empty>;
  taskUnmountDirectory(request: PathRequest): Promise<Empty>;
  taskReloadVolumes(request: ContainerRequest): Promise<Empty>;
}

type Empty = Readonly<Record<string, never>>;

export interface ContainerRequest {
  readonly taskId: string;
  readonly containerId: string;
}

export interface SnapshotRequest extends ContainerRequest {
  readonly snapshotId: string;
  /** A negative number means forever. */
  readonly ttlSeconds: number | undefined;
}

export interface PathRequest extends ContainerRequest {
  /** UTF-8. */
  readonly path: Uint8Array;
}

export interface EncryptionRequest {
  readonly customerSuppliedEncryptionKey: unknown;
}
