import { posix } from "node:path";
import { workspace, type Uri } from "vscode";
import { UserError } from "../base/errors";
import { parseGpu, type GpuRequest } from "../modal/gpus";
import type { ProxySettings } from "../modal/proxy";
import { DEFAULT_BASE_IMAGE, type SpecDefinition } from "../sandboxes/spec/specDefinition";
import { readDefinition, type WrittenSpec } from "../sandboxes/spec/writtenSpec";
import type { OnTerminalClose } from "../run/program/closedTerminal";
import type { OnWindowClose } from "../sandboxes/ownership/closing";
import type { Limits } from "../sandboxes/costs/limits";
import type { CompressionSetting } from "../sync/archive/compression";
import type { PullSettings } from "../sync/pull/puller";
import { refuseRemotePath } from "../sync/rules/systemFolders";

const MB = 1_000_000;
const MINUTE_MS = 60_000;

/**
 * Reads a setting each time it is used, so that edits and workspace trust take effect. Defaults are in package.json.
 */
function setting<T>(key: string, fallback: T, of?: Uri): T {
  return workspace.getConfiguration("modalSandboxes", of).get<T>(key, fallback);
}

export const usesLocalBackend = (): boolean => setting<string>("backend", "modal") === "local";

export const appName = (): string => setting("appName", "vscode-sandboxes");

/** An empty name means the account's default environment. */
export const environmentName = (): string => setting("environment", "");

/** Throws a `UserError` if the folder belongs to the sandbox's system. */
export const remotePath = (): string => {
  const path = setting("remotePath", "/workspace");
  const refusal = refuseRemotePath(path);
  if (refusal) throw refusal;
  return path;
};

/** True if Modal should keep a sandbox's files when it ends. */
export const keepsExitSnapshots = (): boolean => setting("snapshotOnExit", false);

/** How long to wait for a free machine. */
export const machineWaitMs = (): number => setting("capacityWaitMinutes", 15) * MINUTE_MS;

/** How long before its end the user is warned about a sandbox; 0 means never. */
export const endingNoticeMs = (): number => setting("lifetimeNoticeMinutes", 5) * MINUTE_MS;

/** The setting for a window's sandboxes when the window closes. */
export const onWindowClose = (): OnWindowClose =>
  closings.find((known) => known === setting<string>("onWindowClose", "ask")) ?? "ask";

const closings: readonly OnWindowClose[] = ["ask", "keep", "pause", "terminate"];

/** The setting for a program when its terminal is closed. */
export const onTerminalClose = (): OnTerminalClose =>
  terminalClosings.find((known) => known === setting<string>("runs.onTerminalClose", "ask")) ?? "ask";

const terminalClosings: readonly OnTerminalClose[] = ["ask", "stop", "keep"];

/** The most that the user wants to spend. */
export const spendingLimits = (): { readonly soft: Limits; readonly hard: Limits } => ({
  soft: {
    dollarsPerHour: setting("spending.softLimit.dollarsPerHour", 0),
    dollarsPerDay: setting("spending.softLimit.dollarsPerDay", 0),
    sandboxes: setting("spending.softLimit.sandboxes", 0),
  },
  hard: {
    dollarsPerHour: setting("spending.hardLimit.dollarsPerHour", 0),
    dollarsPerDay: setting("spending.hardLimit.dollarsPerDay", 0),
    sandboxes: setting("spending.hardLimit.sandboxes", 0),
  },
});

/** True if idle sandboxes are terminated when the day's hard limit is reached. */
export const stopsIdleAtLimit = (): boolean => setting("spending.terminateIdleAtHardLimit", false);

/** How long a GPU may do nothing before the user is told; 0 means forever. */
export const idleGpuMs = (): number => setting("spending.idleGpuNoticeMinutes", 10) * MINUTE_MS;

/** True if the comparison opens by itself for runs that are started together. */
export const opensComparison = (): boolean => setting<string>("runs.openComparison", "auto") === "auto";

/** True if runs on the same sandbox run at the same time. */
export const runsConcurrently = (): boolean => setting("runs.concurrent", true);

/** VS Code's own proxy settings; with "off", only the environment variables count. */
export const proxySettings = (): ProxySettings => {
  const http = workspace.getConfiguration("http");
  return {
    url: http.get("proxySupport") === "off" ? "" : http.get("proxy", ""),
    exceptions: http.get("noProxy", []),
  };
};

/** The GPUs that are preselected for a run; an unknown GPU type counts as no GPU. */
export const defaultGpus = (): (GpuRequest | undefined)[] => setting<readonly string[]>("gpus", []).map(parseGpu);

/** True if a code lens above each cell runs it. */
export const showsCellLenses = (): boolean => setting("runs.cellCodeLens", true);

/** True if saving a file syncs its folder. */
export const syncsOnSave = (file: Uri): boolean => setting("sync.onSave", false, file);

/** The setting for compressing pushes. Compression never pays on the local backend, which needs no network. */
export const syncCompression = (isLocal: boolean): CompressionSetting => {
  const known = compressions.find((value) => value === setting<string>("sync.compression", "auto")) ?? "auto";
  return known === "auto" && isLocal ? "off" : known;
};

const compressions: readonly CompressionSetting[] = ["auto", "on", "off"];

/** The most that is pushed without asking. */
export const pushLimits = (): { readonly maxFiles: number; readonly maxBytes: number } => ({
  maxFiles: setting("sync.pushLimitFiles", 20_000),
  maxBytes: setting("sync.pushLimitMB", 500) * MB,
});

/**
 * Where runs of the same group put their outputs, relative to the folder. A path out of the folder gives the default.
 */
export function runsFolder(): string {
  const path = posix.normalize(setting("runs.outputFolder", RUNS_FOLDER).replaceAll("\\", "/")).replace(/\/+$/, "");
  return path === "." || posix.isAbsolute(path) || /^([a-z]:|\.\.(\/|$))/i.test(path) ? RUNS_FOLDER : path;
}

const RUNS_FOLDER = "runs";

/** True if runs of the same group find the outputs of earlier ones in the sandbox. */
export const sharesOutputs = (): boolean => setting("runs.shareOutputs", false);

/** The patterns and limits for the pull after a run. */
export const pullSettings = (): PullSettings => ({
  patterns: setting<readonly string[]>("sync.pullPatterns", ["**"]),
  maxBytes: setting("sync.pullLimitMB", 200) * MB,
  maxFiles: setting("sync.pullLimitFiles", 20_000),
});

/** The sandbox that the settings describe, with this GPU. Throws a `UserError` if a setting is invalid. */
export const settingsDefinition = (gpu: GpuRequest | undefined): SpecDefinition => ({
  ...readDefinition(
    {
      gpu: "CPU",
      gpuFallback: setting("gpuFallback", []),
      image: setting<string>("image", DEFAULT_BASE_IMAGE),
      packages: setting("packages", []),
      aptPackages: setting("aptPackages", []),
      cpu: setting("cpu", 2),
      memoryMiB: setting("memoryMiB", 4096),
      timeoutMinutes: setting("timeoutMinutes", 60),
      idleTimeoutMinutes: setting("idleTimeoutMinutes", 10),
      ports: setting("ports", []),
      volumes: setting("volumes", {}),
      secrets: setting("secrets", []),
      env: setting("env", {}),
      regions: setting("regions", []),
      network: setting<unknown>("network", "open"),
    },
    "The settings",
  ),
  gpu,
});

/** The named specs as written in the settings, by name. */
export const writtenSpecs = (): Readonly<Record<string, WrittenSpec>> => setting("specs", {});

/** A named spec, completed by the other settings. Throws a `UserError` if it is invalid. */
export function namedDefinition(name: string): SpecDefinition {
  const written = writtenSpecs()[name];
  if (!written) throw noSuchSpec(name);
  return readDefinition(written, `The spec "${name}"`, settingsDefinition(undefined));
}

const noSuchSpec = (name: string) =>
  new UserError(`There is no spec "${name}" in the settings.`, {
    actions: [
      { title: "Open Settings", command: "workbench.action.openSettings", arguments: ["modalSandboxes.specs"] },
    ],
  });
