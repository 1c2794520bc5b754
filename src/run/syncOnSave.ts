import { basename } from "node:path";
import { delay } from "../base/async";
import type { Disposable } from "../base/disposable";
import { isAbort, messageOf, UserError } from "../base/errors";
import { Emitter } from "../base/event";
import { isSandboxGone } from "../modal/errors";
import { isRunning, type RunningSandbox, type Sandbox } from "../sandboxes/sandbox";
import type { Pusher } from "../sync/push/push";
import type { PushResult } from "../sync/push/pushRequest";
import type { RunService } from "./runService";

export interface SyncOnSaveOptions {
  readonly store: { readonly all: readonly Sandbox[] };
  readonly pusher: Pick<Pusher, "hasPushed">;
  readonly runs: Pick<RunService, "push">;
  /** Called when a problem occurs. It is not reported again until a sync has worked. */
  readonly report: (error: unknown) => void;
  /** How long saves are collected before they are synced together. */
  readonly gatherMs?: number;
}

/** A folder of this machine and its path in sandboxes. */
export interface SavedFolder {
  readonly path: string;
  readonly remotePath: string;
}

const GATHER_MS = 300;

/**
 * Syncs a folder in which a file was saved to the running sandboxes that already have it. However many files are saved,
 * at most one sync of a folder is in progress and one is waiting.
 */
export class SyncOnSave implements Disposable {
  readonly #options: SyncOnSaveOptions;
  readonly #folders = new Map<string, { isAwaited: boolean }>();
  /** The last message about each folder and sandbox with a problem. */
  readonly #problems = new Map<string, string>();
  readonly #disposed = new AbortController();
  readonly #synced = new Emitter<PushResult>();
  /** Fires after a sync that pushed or deleted something. */
  readonly onDidSync = this.#synced.event;

  constructor(options: SyncOnSaveOptions) {
    this.#options = options;
  }

  saved(folder: SavedFolder): void {
    const known = this.#folders.get(folder.path);
    if (known) {
      known.isAwaited = true;
      return;
    }
    const work = { isAwaited: true };
    this.#folders.set(folder.path, work);
    void this.#syncWhileAwaited(folder, work);
  }

  dispose(): void {
    this.#disposed.abort();
    this.#synced.dispose();
  }

  async #syncWhileAwaited(folder: SavedFolder, work: { isAwaited: boolean }): Promise<void> {
    const { signal } = this.#disposed;
    try {
      while (work.isAwaited) {
        await delay(this.#options.gatherMs ?? GATHER_MS, signal);
        work.isAwaited = false;
        await Promise.all(this.#options.store.all.filter(isRunning).map((sandbox) => this.#sync(sandbox, folder)));
      }
    } catch (error) {
      if (!isAbort(error)) this.#options.report(error);
    } finally {
      this.#folders.delete(folder.path);
    }
  }

  async #sync(sandbox: RunningSandbox, { path, remotePath }: SavedFolder): Promise<void> {
    const { pusher, runs } = this.#options;
    const { signal } = this.#disposed;
    const problem = `${sandbox.key} ${path}`;
    try {
      if (!(await pusher.hasPushed({ sandboxId: sandbox.phase.id, remotePath, root: path }))) return;
      const result = await runs.push(sandbox, { root: path, remotePath, isUnattended: true, signal });
      this.#problems.delete(problem);
      if (result.files > 0 || result.deleted > 0) this.#synced.fire(result);
    } catch (error) {
      // The list of sandboxes already shows that a sandbox is gone.
      if (!signal.aborted && !isSandboxGone(error)) this.#reportOnce(problem, isAbort(error) ? tooMuch(path) : error);
    }
  }

  #reportOnce(problem: string, error: unknown): void {
    const message = messageOf(error);
    if (this.#problems.get(problem) === message) return;
    this.#problems.set(problem, message);
    this.#options.report(error);
  }
}

/** The error for a push that would have asked the user. */
const tooMuch = (path: string): UserError =>
  new UserError(
    `${basename(path)} wasn't synced on save, because the sync needs your confirmation. Sync the folder yourself to review it.`,
    {
      actions: [{ title: "Sync Folder…", command: "modalSandboxes.syncFolder" }],
    },
  );
