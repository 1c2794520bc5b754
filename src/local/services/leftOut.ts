import { notFound, unimplemented } from "../protocol/errors";
import type { ControlPlane } from "../protocol/messages";

const MEMORY = "the local backend cannot freeze a running sandbox to disk; snapshot its files instead.";
const METRICS = "the local backend keeps no metrics.";

/** What the SDK can ask and a single machine has no answer to, each with the reason. */
export const leftOutService = (): ControlPlane => ({
  ...refuse("SandboxSnapshot", MEMORY),
  ...refuse("SandboxSnapshotGet", MEMORY),
  ...refuse("SandboxSnapshotWait", MEMORY),
  ...refuse("SandboxRestore", MEMORY),
  ...refuse("SandboxRestoreV2", MEMORY),
  ...refuse("FunctionRetryInputs", "no call here fails in a way that the client has to send it again for."),
  ...refuse("FunctionGetMetrics", METRICS),
  ...refuse("MetricsGetInfo", METRICS),
  ...refuse("WorkspaceBillingSummary", "the local backend bills nothing, so it has no summary."),
  ...refuse("WorkspaceDashboardUrlGet", "the local backend has no dashboard."),

  // There are none, for a sandbox here has no address of its own that the world could see.
  proxyGet: ({ name }) => Promise.reject(notFound(`Proxy '${name}' not found`)),
});

/** The same of the task command router. */
export const leftOutOfRouter = {
  taskSnapshotMemory: () => Promise.reject(unimplemented(`TaskSnapshotMemory: ${MEMORY}`)),
};

type Rpc = Capitalize<Extract<keyof ControlPlane, string>>;

const refuse = (rpc: Rpc, reason: string): ControlPlane => ({
  [rpc.charAt(0).toLowerCase() + rpc.slice(1)]: () => Promise.reject(unimplemented(`${rpc}: ${reason}`)),
});
