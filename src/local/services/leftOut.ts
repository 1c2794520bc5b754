import { notFound, unimplemented } from "../protocol/errors";
import type { ControlPlane } from "../protocol/messages";

const MEMORY = "the local backend cannot freeze a running sandbox to disk; snapshot its files instead.";
const METRICS = "the local backend keeps no metrics.";

/** Calls of the SDK that a single machine cannot answer, each with the reason. */
export const leftOutService = (): ControlPlane => ({
  ...refuse("SandboxSnapshot", MEMORY),
  ...refuse("SandboxSnapshotGet", MEMORY),
  ...refuse("SandboxSnapshotWait", MEMORY),
  ...refuse("SandboxRestore", MEMORY),
  ...refuse("SandboxRestoreV2", MEMORY),
  ...refuse("FunctionRetryInputs", "no call here fails in a way that requires a retry by the client."),
  ...refuse("FunctionGetMetrics", METRICS),
  ...refuse("MetricsGetInfo", METRICS),
  ...refuse("WorkspaceBillingSummary", "the local backend bills nothing, so it has no summary."),
  ...refuse("WorkspaceDashboardUrlGet", "the local backend has no dashboard."),

  // A sandbox here has no public address, so there are no proxies.
  proxyGet: ({ name }) => Promise.reject(notFound(`Proxy '${name}' not found`)),
});

/** The same for the task command router. */
export const leftOutOfRouter = {
  taskSnapshotMemory: () => Promise.reject(unimplemented(`TaskSnapshotMemory: ${MEMORY}`)),
};

type Rpc = Capitalize<Extract<keyof ControlPlane, string>>;

const refuse = (rpc: Rpc, reason: string): ControlPlane => ({
  [rpc.charAt(0).toLowerCase() + rpc.slice(1)]: () => Promise.reject(unimplemented(`${rpc}: ${reason}`)),
});
