import type { CallContext, CompatServiceDefinition, ServerMiddleware, ServiceImplementation } from "nice-grpc";
import { ServerError } from "nice-grpc";
import { isAbort, messageOf } from "../../base/errors";
import type { Logger } from "../../base/ports";
import { internal, unimplemented } from "./errors";

type Definition = Extract<CompatServiceDefinition, { fullName: string }>;
type Handler = (request: never, context: CallContext) => unknown;

/** Adds a handler that answers UNIMPLEMENTED for every method that `handlers` lacks. */
export function implement(definition: Definition, handlers: object): ServiceImplementation<Definition> {
  const given = new Map(Object.entries(handlers) as [string, Handler][]);
  const all = Object.entries(definition.methods).map(([key, method]) => [
    key,
    given.get(key) ?? (method.responseStream ? missingStream(method.name) : missing(method.name)),
  ]);
  return Object.fromEntries(all) as ServiceImplementation<Definition>;
}

/**
 * The error boundary of every call: a status passes, an abort means that the caller canceled, and anything else is a
 * bug.
 */
export const reportErrors = (log: Logger): ServerMiddleware =>
  async function* reportErrors(call, context) {
    try {
      return yield* call.next(call.request, context);
    } catch (error) {
      if (error instanceof ServerError || isAbort(error)) throw error;
      log.error(error instanceof Error ? error : new Error(String(error)), call.method.path);
      throw internal(`The local backend failed in ${call.method.path}: ${messageOf(error)}`);
    }
  };

const refusal = (name: string) => unimplemented(`The local backend does not support ${name}.`);

const missing = (name: string) => () => Promise.reject(refusal(name));

const missingStream = (name: string) =>
  // eslint-disable-next-line require-yield, @typescript-eslint/require-await -- a stream that fails before its first item
  async function* (): AsyncGenerator<never> {
    throw refusal(name);
  };
