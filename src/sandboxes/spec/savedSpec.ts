import { isObject } from "../../base/guards";
import { registryImage, type SandboxSpec } from "../../modal/spec";
import type { Sandbox } from "../sandbox";

/** A spec without what its variables hold: that may be secret, and is kept elsewhere. */
export interface SavedSpec extends Omit<SandboxSpec, "env"> {
  readonly envNames: readonly string[];
}

/** What a sandbox was made of, kept on disk so that another can be made like it. */
export interface Making {
  readonly spec: SavedSpec;
  readonly folder: string;
}

/** As much of a spec as may lie on disk. */
export const savedSpec = ({ env, ...spec }: SandboxSpec): SavedSpec => ({ ...spec, envNames: Object.keys(env) });

/** Reads what an earlier version may have written; `undefined` for what is none. */
export function readMaking(value: unknown): Making | undefined {
  if (!isObject(value) || typeof value.folder !== "string" || !isSpec(value.spec)) return undefined;
  return { spec: value.spec, folder: value.folder };
}

/** As much of it as the server tells, for a sandbox that was made elsewhere: all but volumes, secrets and variables. */
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
