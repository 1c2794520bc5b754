import type { CallContext } from "nice-grpc";
import type { Request } from "./messages";

type Definition = NonNullable<Request<"sandboxContainerCreateV2">["definition"]>;

/** The handlers of the task command router for sidecar containers. The SDK's typings lack their messages. */
export interface TaskSidecars {
  taskContainerCreate(request: SidecarCreateRequest, context: CallContext): Promise<SidecarName>;
  taskContainerGet(request: TaskRef & { readonly containerName: string } & Filter): Promise<{ container: SidecarInfo }>;
  taskContainerList(request: TaskRef & Filter): Promise<{ containers: readonly SidecarInfo[] }>;
  taskContainerTerminate(request: SidecarRef): Promise<Readonly<Record<string, never>>>;
  taskContainerWait(
    request: SidecarRef & { readonly timeout: number },
    context: CallContext,
  ): Promise<{ result: GenericResult | undefined }>;
}

interface GenericResult {
  readonly status: number;
  readonly exitcode: number;
  readonly exception: string;
}

interface TaskRef {
  readonly taskId: string;
}

interface SidecarRef extends TaskRef {
  readonly containerId: string;
}

interface Filter {
  readonly includeTerminated: boolean;
}

interface SidecarName {
  readonly containerId: string;
  readonly containerName: string;
}

export interface SidecarInfo extends SidecarName {
  readonly result: GenericResult | undefined;
}

export interface SidecarCreateRequest
  extends TaskRef, Pick<Definition, "imageId" | "volumeMounts" | "networkAccess" | "ptyInfo" | "secretIds"> {
  readonly containerName: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Empty means the image's working directory. */
  readonly workdir: string;
  readonly secretSources: Request<"sandboxContainerCreateV2">["secretSources"];
}
