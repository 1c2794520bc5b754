import { onAbort } from "../../base/async";
import type { Disposable } from "../../base/disposable";
import { isAbort } from "../../base/errors";

// The longest delay that a timer can hold. A longer one would fire immediately.
const LONGEST_MS = 2 ** 31 - 1;

export interface TimeLimit extends Disposable {
  /** Aborts when the time is up or when the caller aborts. */
  readonly signal: AbortSignal;
}

export function timeLimit(secs: number, caller: AbortSignal): TimeLimit {
  const controller = new AbortController();
  const abort = () => controller.abort();
  const timer = setTimeout(abort, Math.min(secs * 1000, LONGEST_MS));
  const stopListening = onAbort(caller, abort);
  return {
    signal: controller.signal,
    dispose: () => {
      clearTimeout(timer);
      stopListening();
    },
  };
}

/** Returns the result of `wait`, or undefined after `secs` seconds. */
export async function within<T>(
  secs: number,
  caller: AbortSignal,
  wait: (signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  const limit = timeLimit(secs, caller);
  try {
    return await wait(limit.signal);
  } catch (error) {
    if (isAbort(error) && !caller.aborted) return undefined;
    throw error;
  } finally {
    limit.dispose();
  }
}
