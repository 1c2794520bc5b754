import { isAbort } from "../base/errors";
import type { ExecGateway } from "../modal/exec";
import { pull } from "../sync/pull/pull";
import type { PlanSummary } from "../sync/pull/pullMessages";
import type { Puller, PullSettings } from "../sync/pull/puller";
import type { SyncThread } from "../sync/worker/syncThread";

export interface UnsyncedOptions {
  readonly exec: ExecGateway;
  readonly thread: SyncThread;
  readonly puller: Puller;
  readonly settings: () => PullSettings;
}

/** A folder's path in a sandbox. */
export interface SyncedFolder {
  readonly sandboxId: string;
  readonly root: string;
  readonly remotePath: string;
}

/** Finds outputs of programs that exist only in a sandbox and would be lost with it. */
export class UnsyncedOutputs {
  readonly #options: UnsyncedOptions;

  constructor(options: UnsyncedOptions) {
    this.#options = options;
  }

  /**
   * Returns `undefined` if all outputs are on this machine. Also if that can't be determined in time, because it must
   * not keep the user from terminating a sandbox.
   */
  async find(folder: SyncedFolder, signal: AbortSignal): Promise<PlanSummary | undefined> {
    const { thread, settings } = this.#options;
    const { patterns } = settings();
    const { sandboxId, root, remotePath } = folder;
    let found: PlanSummary | undefined;
    try {
      await pull(thread, {
        ...this.#source(folder, signal),
        since: { key: { sandboxId, remotePath, root }, patterns },
        decide: (plan) => {
          found = plan;
          return Promise.resolve(undefined);
        },
      });
    } catch (error) {
      if (!isAbort(error)) return undefined;
    }
    return found && found.files > 0 ? found : undefined;
  }

  async pull(folder: SyncedFolder, signal: AbortSignal): Promise<void> {
    await this.#options.puller.pullChanges({ ...this.#source(folder, signal), sandboxId: folder.sandboxId });
  }

  #source({ sandboxId, root, remotePath }: SyncedFolder, signal: AbortSignal) {
    const exec = (argv: string[]) => this.#options.exec.exec(sandboxId, argv, {}, signal);
    return { root, remotePath, exec, signal };
  }
}
