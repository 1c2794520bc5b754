import { isObject } from "../../base/guards";
import { registryImage, type SandboxSpec } from "../../modal/spec";
import type { Sandbox } from "../sandbox";

/** A spec without the values of its variables, which may be secret and are stored separately. */
export interface SavedSpec extends Omit<SandboxSpec, "env"> {
  readonly envNames: readonly string[];
}

/** How a sandbox was created, stored on disk so that another one can be created like it. */
export interface Making {
  readonly spec: SavedSpec;
  readonly folder: string;
}

/** Returns the parts of a spec that may be stored on disk. */
export const savedSpec = ({ env, ...spec }: SandboxSpec): SavedSpec => ({ ...spec, envNames: Object.keys(env) });

/** Reads a record that an earlier version may have written. Returns `undefined` if it is invalid. */
export function readMaking(value: unknown): Making | undefined {
  if (!isObject(value) || typeof value.folder !== "string" || !isSpec(value.spec)) return undefined;
  return { spec: value.spec, folder: value.folder };
}

/**
 * Reconstructs the spec of a sandbox that was created elsewhere. The server doesn't report volumes, secrets and
 * variables.
 */
export const makingOf = (sandbox: Sandbox): Making => ({
  folder: "",
  spec: {
    gpu: sandbox.gpu,
    gpuFallback: [],
    image: registryImage(sandbox.image ?? DEFAULT_IMAGE),
    cpu: sandbox.cpu ?? 2,
    memoryMiB: sandbox.memoryMiB ?? 4096,
    timeoutMs: sandbox.timeoutMs,
    idleTimeoutMs: sandbox.idleTimeoutMs ?? DEFAULT_IDLE_MS,
    ports: sandbox.ports,
    volumes: [],
    secrets: [],
    envNames: [],
    regions: [],
    network: { kind: "open" },
  },
});

const DEFAULT_IMAGE = "python:3.12-slim";
const DEFAULT_IDLE_MS = 600_000;

function isSpec(value: unknown): value is SavedSpec {
  if (!isObject(value) || !isObject(value.image) || !isObject(value.network)) return false;
  const { gpu, cpu, memoryMiB, timeoutMs, idleTimeoutMs } = value;
  const hasGpu = isObject(gpu) && typeof gpu.type === "string" && typeof gpu.count === "number";
  const { gpuFallback, ports, volumes, secrets, envNames, regions } = value;
  return (
    (gpu === undefined || hasGpu) &&
    [cpu, memoryMiB, timeoutMs, idleTimeoutMs].every((number) => typeof number === "number") &&
    [gpuFallback, ports, volumes, secrets, envNames, regions, value.image.layers].every(Array.isArray)
  );
}
