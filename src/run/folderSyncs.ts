import { SerialQueue } from "../base/async";
import type { Logger } from "../base/ports";
import type { ExecGateway } from "../modal/exec";
import { gpuWord } from "../modal/gpus";
import type { RunningSandbox } from "../sandboxes/sandbox";
import { describePull, pullLog, type Puller } from "../sync/pull/puller";
import type { Pusher } from "../sync/push/push";
import type { PushRequest, PushResult } from "../sync/push/pushRequest";
import { transferExec } from "./program/transferExec";
import type { Run } from "./run";
import type { RunRecord } from "./runRecords";
import { SharedPulls } from "./sharedPulls";

export interface FolderSyncsOptions {
  readonly exec: ExecGateway;
  readonly pusher: Pusher;
  readonly puller: Puller;
  readonly log: Logger;
}

/** A folder to push to a sandbox. */
export type FolderPush = Pick<
  PushRequest,
  "root" | "remotePath" | "isUnattended" | "isFresh" | "putsLeftAside" | "onProgress" | "signal"
>;

/** Pushes and pulls folders, one transfer at a time for each sandbox. */
export class FolderSyncs {
  readonly #options: FolderSyncsOptions;
  readonly #queues = new Map<string, SerialQueue>();
  readonly #pulls = new SharedPulls();

  constructor(options: FolderSyncsOptions) {
    this.#options = options;
  }

  async push(sandbox: RunningSandbox, request: FolderPush): Promise<PushResult> {
    const { id } = sandbox.phase;
    const { exec, pusher } = this.#options;
    return this.#queueOf(sandbox).run(() =>
      pusher.push({ ...request, sandboxId: id, exec: transferExec(exec, id, request.signal) }),
    );
  }

  /** Pulls the outputs of a run's program. Returns a message for the user if there is something to report. */
  pull(
    run: Run,
    sandbox: RunningSandbox,
    { folder: root = "", remotePath, outputs }: RunRecord,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const { exec, puller, log } = this.#options;
    const sandboxId = sandbox.phase.id;
    const from = gpuWord(sandbox.gpu);
    const pull = async (shared: AbortSignal) => {
      const result = await puller.pullChanges({
        root,
        remotePath,
        sandboxId,
        from,
        signal: shared,
        ...(outputs !== undefined && { into: outputs }),
        // The process that ends the other side of a canceled pull must still start.
        exec: (argv: string[]) => exec.exec(sandboxId, argv, {}, new AbortController().signal),
      });
      for (const line of pullLog(result, from)) log.warn(line);
      run.leftCount = result.leftCount;
      return describePull(result, from, outputs);
    };
    const key = JSON.stringify([sandboxId, root, remotePath, outputs]);
    return this.#pulls.pull(key, pull, (work) => this.#queueOf(sandbox).run(work), signal);
  }

  #queueOf({ key }: RunningSandbox): SerialQueue {
    const queue = this.#queues.get(key) ?? new SerialQueue();
    this.#queues.set(key, queue);
    return queue;
  }
}
