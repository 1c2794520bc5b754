import type { ModalClient } from "modal";
import { abortable } from "../base/async";
import { translated } from "./errors";
import { parseGpu, type GpuRequest } from "./gpus";
import { tunnelOf, withListener, type Tunnel } from "./tunnels";

/** How a sandbox ended, in Modal's terms. */
export type EndReason = "finished" | "failed" | "terminated" | "timeout" | "idle" | "lost";

export interface SandboxResult {
  readonly reason: EndReason;
  readonly exitCode: number;
}

/** A sandbox as the server lists it. Times are milliseconds since the epoch. */
export interface ListedSandbox {
  readonly id: string;
  readonly name: string;
  readonly createdAt: number;
  /** `undefined` while it waits for a machine. */
  readonly startedAt: number | undefined;
  readonly result: SandboxResult | undefined;
  readonly gpu: GpuRequest | undefined;
  readonly cpu: number | undefined;
  readonly memoryMiB: number | undefined;
  readonly timeoutMs: number;
  readonly idleTimeoutMs: number | undefined;
  readonly imageId: string;
  readonly regions: readonly string[];
  readonly tags: ReadonlyMap<string, string>;
  readonly tunnels: readonly Tunnel[];
}

export interface ListOptions {
  readonly appId: string;
  readonly environment: string;
  readonly tags?: Readonly<Record<string, string>>;
}

type Response = Awaited<ReturnType<ModalClient["cpClient"]["sandboxListV2"]>>["sandboxes"][number];

/**
 * Lists every unfinished sandbox of an app with its details, which the SDK's own list leaves out. Takes one call per page.
 * Each page starts below the oldest entry of the one before, and a short or empty page ends the list.
 */
export async function listSandboxes(
  client: ModalClient,
  options: ListOptions,
  signal: AbortSignal,
): Promise<ListedSandbox[]> {
  const tags = Object.entries(options.tags ?? {}).map(([tagName, tagValue]) => ({ tagName, tagValue }));
  const found: ListedSandbox[] = [];
  let beforeTimestamp: number | undefined;
  for (;;) {
    const { sandboxes } = await translated(
      client.cpClient.sandboxListV2(
        {
          appId: options.appId,
          environmentName: options.environment,
          tags,
          ...(beforeTimestamp !== undefined && { beforeTimestamp }),
        },
        { signal },
      ),
    );
    found.push(...sandboxes.map(listedSandbox));
    const last = sandboxes.at(-1);
    if (!last || sandboxes.length < SHORTEST_FULL_PAGE) return found;
    beforeTimestamp = last.createdAt;
  }
}

/** Modal does not document its page size. Without this limit, most lists would take a second call. */
const SHORTEST_FULL_PAGE = 50;

/** Returns the name of the workspace that the client's token belongs to. */
export async function workspaceName({ cpClient }: ModalClient, signal: AbortSignal): Promise<string> {
  const { username } = await abortable(translated(cpClient.workspaceNameLookup({}, { signal })), signal);
  return username;
}

/** Returns how a sandbox ended, or `undefined` while it runs. */
export async function pollSandbox(
  client: ModalClient,
  sandboxId: string,
  signal: AbortSignal,
): Promise<SandboxResult | undefined> {
  const request = { sandboxId, timeout: 0 };
  const { result } = await translated(
    isFirstGeneration(sandboxId)
      ? client.cpClient.sandboxWait(request, { signal })
      : client.cpClient.sandboxWaitV2(request, { signal }),
  );
  return sandboxResult(result);
}

/** The SDK distinguishes the two generations by the form of the id. */
const isFirstGeneration = (sandboxId: string) => /^sb-[0-9A-Za-z]{22}$/.test(sandboxId);

function listedSandbox(info: Response): ListedSandbox {
  const { taskInfo, resourceInfo } = info;
  const startedAt = taskInfo?.startedAt;
  const tags = new Map(info.tags.map(({ tagName, tagValue }) => [tagName, tagValue]));
  return {
    id: info.id,
    name: info.name,
    createdAt: info.createdAt * 1000,
    startedAt: startedAt ? startedAt * 1000 : undefined,
    result: sandboxResult(taskInfo?.result),
    gpu: gpuOf(info),
    cpu: resourceInfo?.milliCpu && resourceInfo.milliCpu.value / 1000,
    memoryMiB: resourceInfo?.memoryMb?.value,
    timeoutMs: info.timeoutSecs * 1000,
    idleTimeoutMs: info.idleTimeoutSecs && info.idleTimeoutSecs * 1000,
    imageId: info.imageId,
    regions: info.regions,
    tags,
    tunnels: info.tunnels.map((tunnel) => withListener(tunnelOf(tunnel.containerPort, tunnel), info.id, tags)),
  };
}

function gpuOf({ taskInfo, resourceInfo }: Response): GpuRequest | undefined {
  const config = taskInfo?.gpuConfig;
  if (config?.gpuType) return { type: config.gpuType, count: config.count || 1 };
  const name = resourceInfo?.gpuType ?? taskInfo?.gpuType;
  return name ? (parseGpu(name) ?? { type: name, count: 1 }) : undefined;
}

/** Reasons by `GenericResult.GenericStatus`. */
const reasons: Record<number, EndReason> = {
  1: "finished",
  2: "failed",
  3: "terminated",
  4: "timeout",
  5: "failed",
  6: "lost",
  7: "idle",
  8: "lost",
};

/** The exit codes that Modal uses when the program did not exit by itself. */
const exitCodes: Partial<Record<EndReason, number>> = { terminated: 137, timeout: 124 };

function sandboxResult(
  result: { readonly status: number; readonly exitcode: number } | undefined,
): SandboxResult | undefined {
  if (!result?.status) return undefined;
  const reason = reasons[result.status] ?? "failed";
  return { reason, exitCode: exitCodes[reason] ?? result.exitcode };
}
