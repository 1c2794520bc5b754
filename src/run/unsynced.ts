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

/** A folder's place in a sandbox. */
export interface SyncedFolder {
  readonly sandboxId: string;
  readonly root: string;
  readonly remotePath: string;
}

/** What a sandbox's programs made that is not here: it is lost with the sandbox. */
export class UnsyncedOutputs {
  readonly #options: UnsyncedOptions;

  constructor(options: UnsyncedOptions) {
    this.#options = options;
  }

  /** Nothing where all is here, or where it cannot be told in time: nobody is kept from ending a sandbox by that. */
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
