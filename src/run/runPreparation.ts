import type { Clock, Logger } from "../base/ports";
import { isSandboxGone } from "../modal/errors";
import type { ExecGateway } from "../modal/exec";
import type { CreateStep } from "../modal/sandboxes";
import type { SandboxSpec } from "../modal/spec";
import { describeStep } from "../sandboxes/describe";
import type { RunningSandbox } from "../sandboxes/sandbox";
import type { SandboxService } from "../sandboxes/sandboxService";
import { describePush, pushLog } from "../sync/push/describePush";
import type { Pusher } from "../sync/push/push";
import { createOrSwap, type OfferOther } from "./createOrSwap";
import type { FolderSyncs } from "./folderSyncs";
import { lifetimeNotice } from "./lifetimeNotice";
import { remoteFile } from "./program/remoteFile";
import { upload } from "./program/upload";
import type { Run } from "./run";
import type { OneRun } from "./runRequest";
import type { Turns } from "./turns";

export interface RunPreparationOptions {
  readonly sandboxes: SandboxService;
  /** If absent, a run fails if its GPU is unavailable. */
  readonly offerOther?: OfferOther;
  /** Returns messages from the server for the user. */
  readonly notices: (signal: AbortSignal) => Promise<readonly string[]>;
  /** True if a run of a group sees the outputs of earlier runs in its sandbox. */
  readonly sharesOutputs: () => boolean;
  readonly exec: ExecGateway;
  readonly pusher: Pick<Pusher, "prepare">;
  readonly syncs: FolderSyncs;
  readonly turns: Turns;
  /** The runs of this window so far, newest last. */
  readonly runs: readonly Run[];
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Prepares a run until its program can start: creates or reuses a sandbox, waits for its turn there, and pushes the
 * files.
 */
export class RunPreparation {
  readonly #options: RunPreparationOptions;

  constructor(options: RunPreparationOptions) {
    this.#options = options;
  }

  /** Finds or creates a sandbox and pushes the files. If the sandbox turns out to be gone, tries another one, once. */
  async prepare(run: Run, request: OneRun, spec: SandboxSpec): Promise<RunningSandbox> {
    const { sandboxes } = this.#options;
    const onStep = (step: string) => run.enter({ kind: "preparing", step });
    const wanted = { spec, folder: request.folder ?? "", onStep, signal: run.signal };
    const onDidEnterStep = (step: CreateStep) => onStep(describeStep(step, spec));
    // There must be no `await` before this, or two runs started at the same time would each create a sandbox.
    const found = sandboxes.findReusable({ ...wanted, onDidEnterStep }, run.signal);
    const reused = found && (await found);
    if (reused) {
      try {
        return await this.prepareIn(run, request, reused);
      } catch (error) {
        if (!isSandboxGone(error)) throw error;
        sandboxes.markEnded(reused.key, "lost");
      }
    }
    // If a sandbox already exists, the push follows immediately and prepares itself.
    if (request.folder !== undefined) void this.#options.pusher.prepare(request.folder);
    const created = await createOrSwap(sandboxes, request.offerOther ?? this.#options.offerOther, wanted);
    (await this.#options.notices(run.signal)).forEach(onStep);
    return this.prepareIn(run, request, created);
  }

  /** Waits for the run's turn in the sandbox, and pushes the files. */
  async prepareIn(run: Run, request: OneRun, sandbox: RunningSandbox): Promise<RunningSandbox> {
    run.useSandbox(sandbox);
    await this.#options.turns.wait(run, sandbox.key);
    const notice = lifetimeNotice(sandbox, this.#options.clock.now(), this.#lastDurationMs(request));
    if (notice !== undefined) run.enter({ kind: "preparing", step: notice });
    const { folder, remotePath, target } = request;
    if (folder !== undefined) {
      run.enter({ kind: "preparing", step: "Syncing the folder" });
      const isFresh = run.isAlone;
      // Otherwise, a single run would pull these outputs as its own.
      const putsLeftAside = isFresh || !this.#options.sharesOutputs();
      run.pushedAt = this.#options.clock.now();
      const { signal } = run;
      const result = await this.#options.syncs.push(sandbox, {
        root: folder,
        remotePath,
        isFresh,
        putsLeftAside,
        signal,
      });
      for (const line of pushLog(result)) this.#options.log.warn(line);
      run.enter({ kind: "preparing", step: describePush(result) });
      if (result.movedTo !== undefined) run.enter({ kind: "preparing", step: leftIn(result.movedTo) });
      if (result.inPlace) run.enter({ kind: "preparing", step: stillThere(result.inPlace) });
    }
    if (target.file && target.file.kind !== "synced") {
      const path = remoteFile(run.id, target.file, remotePath);
      const content = Buffer.from(target.file.content);
      const { signal } = run;
      const sandboxId = sandbox.phase.id;
      const keptAs = await upload(this.#options.exec, { sandboxId, workdir: remotePath, path, content, signal });
      if (keptAs !== undefined) run.enter({ kind: "preparing", step: `Kept the sandbox's own ${path} as ${keptAs}` });
    }
    return sandbox;
  }

  /** Returns how long the last run of the same file took. */
  #lastDurationMs({ target }: OneRun): number | undefined {
    const durations = this.#options.runs.flatMap(({ target: { label }, state }) =>
      state.kind === "ended" && label === target.label ? [state.endedAt - state.startedAt] : [],
    );
    return durations.at(-1);
  }
}

const leftIn = (place: string): string =>
  `Outputs of an earlier run that weren't pulled are now in ${place} in the sandbox`;

const stillThere = (paths: readonly string[]): string =>
  `Outputs of an earlier run are still in the sandbox's folder, because their names aren't UTF-8: ${paths.slice(0, 3).join(", ")}`;
