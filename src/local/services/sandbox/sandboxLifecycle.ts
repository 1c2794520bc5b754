import type { CallContext } from "nice-grpc";
import { resultStatus } from "../../sandbox/sandboxResult";
import type { SandboxStore } from "../../sandbox/sandboxStore";
import type { Credentials } from "../../account/credentials";
import { notFound } from "../../protocol/errors";
import type { ControlPlane, Request } from "../../protocol/messages";
import { genericResult, tunnelData } from "./sandboxInfo";
import { within } from "../../base/timeLimit";

// A client without a timeout repeats the call by itself. Each call is held this long.
const TASK_WAIT_SECS = 5;

export interface LifecycleDependencies {
  readonly sandboxes: SandboxStore;
  readonly credentials: Credentials;
  readonly routerUrl: () => string;
}

/** Leads from a sandbox's id to its task, its router, its tunnels and its result. */
export function sandboxLifecycleService({ sandboxes, credentials, routerUrl }: LifecycleDependencies): ControlPlane {
  const wait = async ({ sandboxId, timeout }: Request<"sandboxWaitV2">, { signal }: CallContext) => {
    const sandbox = sandboxes.get(sandboxId);
    const result = await within(timeout, signal, (limit) => sandbox.whenFinished(limit));
    return { metadata: { appId: sandbox.appId }, result: result && genericResult(result) };
  };

  const terminate = async ({ sandboxId }: Request<"sandboxTerminateV2">, { signal }: CallContext) => {
    const sandbox = sandboxes.get(sandboxId);
    const previous = sandbox.result;
    sandbox.terminate();
    await sandbox.whenFinished(signal);
    return { existingResult: previous && genericResult(previous) };
  };

  const getTaskId = async ({ sandboxId, timeout }: Request<"sandboxGetTaskIdV2">, { signal }: CallContext) => {
    const sandbox = sandboxes.get(sandboxId);
    if (sandbox.container.isScheduled)
      await within(timeout ?? TASK_WAIT_SECS, signal, (limit) => sandbox.whenStarted(limit));
    return {
      taskId: sandbox.startedAt === undefined ? undefined : sandbox.taskId,
      taskResult: sandbox.result && genericResult(sandbox.result),
    };
  };

  const getTunnels = async ({ sandboxId, timeout }: Request<"sandboxGetTunnelsV2">, { signal }: CallContext) => {
    const sandbox = sandboxes.get(sandboxId);
    await within(timeout, signal, (limit) => sandbox.whenStarted(limit));
    const hasStarted = sandbox.startedAt !== undefined || sandbox.result !== undefined;
    return {
      result: { status: hasStarted ? resultStatus.success : resultStatus.timeout },
      tunnels: sandbox.result ? [] : tunnelData(sandbox),
    };
  };

  const access = (taskId: string) => ({ jwt: credentials.routerToken(taskId), url: routerUrl() });

  return {
    sandboxWait: wait,
    sandboxWaitV2: wait,
    sandboxTerminate: terminate,
    sandboxTerminateV2: terminate,
    sandboxGetTaskId: getTaskId,
    sandboxGetTaskIdV2: getTaskId,
    sandboxGetTunnels: getTunnels,
    sandboxGetTunnelsV2: getTunnels,

    taskGetCommandRouterAccess: async ({ taskId }) => Promise.resolve(access(sandboxes.byTask(taskId).taskId)),

    async sandboxGetCommandRouterAccess({ sandboxId, taskId }) {
      if (sandboxId) return Promise.resolve(access(sandboxes.get(sandboxId).taskId));
      if (taskId) return Promise.resolve(access(sandboxes.byTask(taskId).taskId));
      throw notFound("Specify a sandbox or a task.");
    },
  };
}
