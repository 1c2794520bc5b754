import { ServerError, type CallContext, type ServerMiddleware, type ServerMiddlewareCall } from "nice-grpc";
import { isObject } from "../../base/guards";
import { delay } from "../../base/async";
import type { FaultRule } from "./faultPlan";
import type { Faults } from "./faults";

/** Makes calls fail as planned. `endSandbox` gets the id of a sandbox or of a task. */
export const faultyCalls = (faults: Faults, endSandbox: (id: string) => void): ServerMiddleware =>
  async function* faultyCalls<Request, Response>(call: ServerMiddlewareCall<Request, Response>, context: CallContext) {
    const rules = faults.rulesFor(call.method.path.slice(call.method.path.lastIndexOf("/") + 1));
    if (rules.length === 0) return yield* call.next(call.request, context);

    for (const { latencyMs } of rules) await delay(latencyMs, context.signal);
    for (const { failure, isAfter, cutAfterBytes } of rules)
      if (failure && !isAfter && cutAfterBytes === undefined) throw toError(failure);

    const subject = call.requestStream ? undefined : subjectOf(call.request);
    if (subject !== undefined) endSandboxes(rules, subject, endSandbox);
    const cut = rules.find(({ cutAfterBytes }) => cutAfterBytes !== undefined);
    const request = call.requestStream && cut ? cutOff(call.request, cut) : call.request;
    const responses = call.next(request, context);

    if (cut && call.responseStream) {
      yield* cutOff(responses, cut);
      return;
    }
    const response = yield* responses;
    const made = subject ?? subjectOf(response);
    if (subject === undefined && made !== undefined) endSandboxes(rules, made, endSandbox);
    for (const { failure, isAfter } of rules) if (failure && isAfter) throw toError(failure);
    return response;
  };

const toError = ({ status, message }: NonNullable<FaultRule["failure"]>): ServerError =>
  new ServerError(status, message);

function endSandboxes(rules: readonly FaultRule[], id: string, endSandbox: (id: string) => void): void {
  for (const { endsSandboxAfterMs } of rules)
    if (endsSandboxAfterMs !== undefined) setTimeout(() => endSandbox(id), endsSandboxAfterMs).unref();
}

/** The sandbox or task that a message names. */
function subjectOf(message: unknown): string | undefined {
  if (!isObject(message)) return undefined;
  const { sandboxId, taskId } = message;
  return [sandboxId, taskId].find((id): id is string => typeof id === "string" && id !== "");
}

/** Yields a stream's messages up to the byte at which the plan cuts it. */
async function* cutOff<T>(messages: AsyncIterable<T>, { cutAfterBytes = 0, failure }: FaultRule): AsyncGenerator<T> {
  let left = cutAfterBytes;
  for await (const message of messages) {
    const data = dataOf(message);
    const size = sizeOf(message);
    if (size > left) {
      if (data && left > 0) yield { ...message, data: data.subarray(0, left) };
      if (failure) throw toError(failure);
    }
    left -= size;
    yield message;
  }
}

function dataOf(message: unknown): Uint8Array | undefined {
  return isObject(message) && message.data instanceof Uint8Array ? message.data : undefined;
}

/** The total size of all strings and bytes in a message. */
function sizeOf(value: unknown): number {
  if (typeof value === "string" || value instanceof Uint8Array) return value.length;
  if (typeof value !== "object" || value === null) return 0;
  return Object.values(value).reduce((sum: number, part) => sum + sizeOf(part), 0);
}
