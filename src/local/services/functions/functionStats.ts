import type { CallResult, FunctionCall } from "../../functions/functionCall";
import type { FunctionStore } from "../../functions/functionStore";
import { invalidArgument, unimplemented } from "../../protocol/errors";
import type { ControlPlane } from "../../protocol/messages";

/** Statistics of a function's calls, except those already discarded. */
export const functionStatsService = (functions: FunctionStore): ControlPlane => ({
  async functionGetCurrentStats({ functionId }) {
    const { pool } = functions.get(functionId);
    return Promise.resolve({ backlog: pool.backlog, numTotalTasks: pool.runnerCount });
  },

  async functionGetTimeRangeStats({ functionId, since, until, containerId }) {
    functions.get(functionId);
    if (!since || !until || since >= until)
      throw invalidArgument("The end of the statistics must be later than their start.");
    if (containerId) throw unimplemented("The local backend has no statistics for a single container of a function.");
    const calls = functions.callsOf(functionId);
    const finished = calls.filter(({ finishedAt }) => isWithin(finishedAt, since, until));
    return Promise.resolve({
      since,
      until,
      inputSuccessCount: countOf(finished, "success"),
      inputFailureCount: countOf(finished, "failure"),
      inputTimeoutCount: countOf(finished, "timeout"),
      inputRunningAtEndCount: calls.filter(
        ({ createdAt, finishedAt = Infinity }) => createdAt < secs(until) && finishedAt >= secs(until),
      ).length,
      variantCount: 1,
    });
  },

  async functionCallGetInfo({ functionCallId }) {
    const { createdAt, result } = functions.call(functionCallId);
    const total = (kind: CallResult["kind"] | undefined) => ({ total: result?.kind === kind ? 1 : 0 });
    return Promise.resolve({
      info: {
        functionCallId,
        createdAt,
        totalInputs: 1,
        pendingInputs: total(undefined),
        succeededInputs: total("success"),
        failedInputs: total("failure"),
        timeoutInputs: total("timeout"),
        cancelledInputs: total("cancelled"),
      },
    });
  },
});

const countOf = (calls: readonly FunctionCall[], kind: CallResult["kind"]): number =>
  calls.filter(({ result }) => result?.kind === kind).length;

const isWithin = (at: number | undefined, since: Date, until: Date): boolean =>
  at !== undefined && at >= secs(since) && at < secs(until);

const secs = (date: Date): number => date.getTime() / 1000;
