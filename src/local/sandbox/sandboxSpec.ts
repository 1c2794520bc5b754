import { invalidArgument, unimplemented } from "../protocol/errors";
import type { SpawnOptions } from "../base/isolation";
import type { ContainerDefinition, Definition } from "./definition";
import { readExperimentalOptions } from "./experimentalOptions";
import { readNetworkPolicy, type NetworkPolicy } from "./networkPolicy";
import type { LocalImage } from "../images/images";
import { checkPlacement } from "./placement";

const MAX_TIMEOUT_SECS = 24 * 3600;
const DEFAULT_TIMEOUT_SECS = 300;
const DEFAULT_PROBE_INTERVAL_MS = 100;
const TUNNEL_HTTP2 = 1;

export type Pty = NonNullable<SpawnOptions["pty"]>;

/** A container's checked request. */
export interface ContainerSpec {
  readonly argv: readonly string[];
  readonly workdir: string | undefined;
  readonly enablesDocker: boolean;
  readonly pty: Pty | undefined;
  readonly network: NetworkPolicy;
  readonly resources: Resources;
}

/** A sandbox's checked request. */
export interface SandboxSpec extends ContainerSpec {
  readonly imageId: string;
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutSecs: number;
  readonly idleTimeoutSecs: number | undefined;
  readonly gpu: { readonly type: string; readonly count: number } | undefined;
  readonly ports: readonly OpenPort[];
  readonly probe: Probe | undefined;
  readonly keepsExitSnapshot: boolean;
}

export interface OpenPort {
  readonly port: number;
  readonly isHttp2: boolean;
}

interface Resources {
  readonly milliCpu: number;
  readonly milliCpuMax: number;
  readonly memoryMb: number;
  readonly memoryMbMax: number;
}

export type Probe = { readonly intervalMs: number } & (
  | { readonly kind: "tcp"; readonly port: number }
  | { readonly kind: "exec"; readonly argv: readonly [string, ...string[]] }
);

/**
 * Reads a definition. Throws INVALID_ARGUMENT if it is invalid and UNIMPLEMENTED if the backend does not support it.
 */
export function readSpec(
  definition: Definition,
  image: LocalImage,
  secretEnv: Readonly<Record<string, string>>,
): SandboxSpec {
  const gpu = definition.resources?.gpuConfig;
  checkPlacement(definition);
  if (definition.experimentalOutboundPolicy)
    throw unimplemented("The local backend does not inspect a sandbox's traffic, so it cannot replace headers in it.");

  return {
    ...readContainerSpec(definition, image),
    imageId: definition.imageId,
    name: definition.name ?? "",
    env: { ...image.env, ...definition.environmentVariables?.contents, ...secretEnv },
    timeoutSecs: readTimeout(definition.timeoutSecs),
    idleTimeoutSecs: definition.idleTimeoutSecs,
    gpu: gpu?.gpuType ? { type: gpu.gpuType, count: Math.max(1, gpu.count) } : undefined,
    ports: readPorts(definition.openPorts?.ports ?? []),
    probe: readProbe(definition.readinessProbe),
    keepsExitSnapshot: readExperimentalOptions(definition.experimentalOptionsV2).keepsExitSnapshot,
  };
}

/** Reads the part of a definition that concerns one container. Throws like `readSpec`. */
export function readContainerSpec(definition: ContainerDefinition, image: LocalImage): ContainerSpec {
  const { resources } = definition;
  const { enablesDocker } = readExperimentalOptions(definition.experimentalOptionsV2 ?? {});
  if (definition.cloudBucketMounts.length > 0) throw unimplemented("The local backend cannot mount cloud buckets.");
  if (definition.workdir && !definition.workdir.startsWith("/"))
    throw invalidArgument(`The working directory must be an absolute path, not "${definition.workdir}".`);

  return {
    argv: definition.entrypointArgs,
    workdir: definition.workdir ?? image.workdir,
    enablesDocker,
    pty: readPty(definition.ptyInfo),
    network: readNetworkPolicy(definition),
    resources: {
      milliCpu: resources?.milliCpu ?? 0,
      milliCpuMax: resources?.milliCpuMax ?? 0,
      memoryMb: resources?.memoryMb ?? 0,
      memoryMbMax: resources?.memoryMbMax ?? 0,
    },
  };
}

export function readPty(info: Definition["ptyInfo"]): Pty | undefined {
  if (!info?.enabled) return undefined;
  return { rows: info.winszRows || 24, columns: info.winszCols || 80, term: info.envTerm || "xterm-256color" };
}

function readTimeout(secs: number): number {
  if (secs > MAX_TIMEOUT_SECS) throw invalidArgument("A sandbox lives for at most 24 hours.");
  return secs || DEFAULT_TIMEOUT_SECS;
}

function readPorts(open: readonly { port: number; tunnelType: number | undefined }[]): readonly OpenPort[] {
  const ports = open.map(({ port }) => port);
  const wrong = ports.find((port) => port < 1 || port > 65535);
  if (wrong !== undefined) throw invalidArgument(`${wrong} is not a valid port.`);
  if (new Set(ports).size < ports.length) throw invalidArgument("A port can be opened only once.");
  return open.map(({ port, tunnelType }) => ({ port, isHttp2: tunnelType === TUNNEL_HTTP2 }));
}

function readProbe(probe: Definition["readinessProbe"]): Probe | undefined {
  const intervalMs = probe?.intervalMs ?? DEFAULT_PROBE_INTERVAL_MS;
  if (probe?.tcpPort !== undefined) return { kind: "tcp", port: probe.tcpPort, intervalMs };
  const [program, ...rest] = probe?.execCommand?.argv ?? [];
  return program === undefined ? undefined : { kind: "exec", argv: [program, ...rest], intervalMs };
}
