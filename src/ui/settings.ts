import { workspace } from "vscode";
import { parseGpu, type GpuRequest } from "../modal/gpus";
import type { SandboxSpec } from "../modal/spec";
import type { PullSettings } from "../sync/puller";

const MINUTE_MS = 60_000;
const MB = 1_000_000;

/** Reads a setting at the moment of use, so that workspace trust and edits count. Defaults are in package.json. */
function setting<T extends string | number | boolean | readonly unknown[]>(key: string, fallback: T): T {
  return workspace.getConfiguration("modalSandboxes").get<T>(key, fallback);
}

export const usesLocalBackend = (): boolean => setting<string>("backend", "modal") === "local";

export const appName = (): string => setting("appName", "vscode-sandboxes");

/** Empty: the account's default environment. */
export const environmentName = (): string => setting("environment", "");

export const remotePath = (): string => setting("remotePath", "/workspace");

export const defaultImage = (): string => setting("image", "python:3.12-slim");

/** The GPUs that a run starts with; what is no GPU type counts as none. */
export const defaultGpus = (): (GpuRequest | undefined)[] => setting<readonly string[]>("gpus", []).map(parseGpu);

/** What is pushed without a question. */
export const pushLimits = (): { readonly maxFiles: number; readonly maxBytes: number } => ({
  maxFiles: setting("sync.pushLimitFiles", 20_000),
  maxBytes: setting("sync.pushLimitMB", 500) * MB,
});

/** What comes back after a run. */
export const pullSettings = (): PullSettings => ({
  patterns: setting<readonly string[]>("sync.pull", ["**"]),
  maxBytes: setting("sync.pullLimitMB", 200) * MB,
});

/** The sandbox that the settings describe, with the GPU and the image that were chosen. */
export const specFromSettings = (gpu: GpuRequest | undefined, image = defaultImage()): SandboxSpec => ({
  gpu,
  image,
  cpu: setting("cpu", 2),
  memoryMiB: setting("memoryMiB", 4096),
  timeoutMs: setting("timeoutMinutes", 60) * MINUTE_MS,
  idleTimeoutMs: setting("idleTimeoutMinutes", 10) * MINUTE_MS,
  ports: setting<readonly number[]>("ports", []),
});
