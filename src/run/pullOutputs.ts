import { isAbort, messageOf } from "../base/errors";
import type { Logger } from "../base/ports";
import type { ExecGateway } from "../modal/exec";
import { describePull, pullLog, type Puller } from "../sync/puller";
import type { Pusher } from "../sync/push";
import type { Run } from "./run";

export interface PullOutputsOptions {
  readonly exec: ExecGateway;
  readonly pusher: Pusher;
  readonly puller: Puller;
  readonly log: Logger;
  readonly sandboxId: string;
  /** Absolute path of the folder here. */
  readonly root: string;
  /** Of the folder in the sandbox. */
  readonly remotePath: string;
}

/** Brings back what a run's program made. How the program ended counts, not how this does: the run tells, and goes on. */
export async function pullOutputs(run: Run, options: PullOutputsOptions): Promise<void> {
  const { exec, pusher, puller, log, sandboxId, root, remotePath } = options;
  const cancelled = new AbortController();
  const cancel = () => {
    cancelled.abort();
    return Promise.resolve();
  };
  const ignore = () => Promise.resolve();
  run.control({ write: ignore, endInput: ignore, interrupt: cancel, stop: cancel, hurry: cancel });
  try {
    await pusher.saved();
    const result = await puller.pullChanges({
      ...{ root, remotePath, sandboxId },
      // What ends the other side of a cancelled pull must still start.
      exec: (argv: string[]) => exec.exec(sandboxId, argv, {}, new AbortController().signal),
      signal: cancelled.signal,
    });
    for (const line of pullLog(result)) log.warn(line);
    const outcome = describePull(result);
    if (outcome !== undefined) run.tell(outcome);
  } catch (error) {
    run.tell(isAbort(error) ? "The pull was cancelled." : messageOf(error));
    if (!isAbort(error)) log.warn(`Pull: ${messageOf(error)}`);
  }
}
