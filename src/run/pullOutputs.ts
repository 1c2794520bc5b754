import { isAbort, messageOf } from "../base/errors";
import type { Logger } from "../base/ports";
import type { Run } from "./run";

/**
 * Pulls the outputs of a run's program. A failed pull is reported in the terminal, and doesn't change the run's result.
 * Interrupting the run now cancels the pull. Returns false if outputs may exist only in the sandbox.
 */
export async function pullOutputs(
  run: Run,
  pull: (signal: AbortSignal) => Promise<string | undefined>,
  log: Logger,
): Promise<boolean> {
  const canceled = new AbortController();
  const cancel = () => {
    canceled.abort();
    return Promise.resolve();
  };
  const ignore = () => Promise.resolve();
  run.control({ write: ignore, endInput: ignore, interrupt: cancel, stop: cancel, stopNow: cancel });
  try {
    const outcome = await pull(canceled.signal);
    if (outcome !== undefined) run.tell(outcome);
    return true;
  } catch (error) {
    run.tell(isAbort(error) ? "The pull was canceled." : messageOf(error));
    if (!isAbort(error)) log.warn(`Pull: ${messageOf(error)}`);
    return false;
  }
}
