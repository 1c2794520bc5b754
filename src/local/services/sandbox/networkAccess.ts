import { messageOf } from "../../../base/errors";
import type { SandboxStore } from "../../sandbox/sandboxStore";
import { readNetworkPolicy, type NetworkDefinition } from "../../sandbox/networkPolicy";
import { failedPrecondition, invalidArgument, unimplemented } from "../../protocol/errors";

/** The handlers of the task command router for a running sandbox's network. The SDK's typings lack their messages. */
interface TaskNetwork {
  taskSetNetworkAccess(request: NetworkRequest): Promise<Readonly<Record<string, never>>>;
  taskSetOutboundPolicy(): Promise<never>;
}

type NetworkRequest = NetworkDefinition & { readonly taskId: string };

/** The destinations that a running sandbox may connect to. */
export const networkAccessService = (sandboxes: SandboxStore): TaskNetwork => ({
  async taskSetNetworkAccess({ taskId, networkAccess }) {
    const root = sandboxes.byTask(taskId).container.runningRoot();
    const { allowed } = readNetworkPolicy({ networkAccess });
    if (!allowed) throw invalidArgument("Specify the destinations that the sandbox may connect to.");
    await root.setAllowlist(allowed).catch((error: unknown) => {
      throw failedPrecondition(`The network policy cannot be changed: ${messageOf(error)}`);
    });
    return {};
  },

  taskSetOutboundPolicy: () =>
    Promise.reject(unimplemented("TaskSetOutboundPolicy: the local backend does not inspect a sandbox's traffic.")),
});
