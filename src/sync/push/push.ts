import { abortable, SerialQueue } from "../../base/async";
import type { Disposable } from "../../base/disposable";
import type { BaselineKey } from "../folder/baseline";
import { Compression, type CompressionSetting } from "../archive/compression";
import { leftOutputs } from "../pull/leftOutputs";
import { moveAside, type MovedAside } from "../folder/moveAside";
import { PushJob, type PendingPush } from "./pushJob";
import type { BigPush, PushRequest, PushResult } from "./pushRequest";
import type { SyncThread } from "../worker/syncThread";
import { refuseRemotePath } from "../rules/systemFolders";

export interface PusherOptions {
  readonly thread: SyncThread;
  /** Called before every push; if it returns false, the push is canceled. */
  readonly approve?: (push: BigPush) => Promise<boolean>;
  /** Called for each push; without it nothing is compressed. */
  readonly compression?: () => CompressionSetting;
}

/** Copies folders to sandboxes, except ignored entries. Other entries in the sandbox stay. */
export class Pusher implements Disposable {
  readonly #options: PusherOptions;
  /** The requests of this turn of the event loop, by folder. */
  readonly #gathering = new Map<string, PendingPush[]>();
  readonly #disposed = new AbortController();
  readonly #compression: Compression;
  readonly #questions = new SerialQueue();

  constructor(options: PusherOptions) {
    this.#options = options;
    this.#compression = new Compression(options.compression ?? (() => "off"));
  }

  /**
   * Pushes changes. A folder is scanned once for all requests of the same turn, and packed once for all targets with
   * the same plan.
   */
  async push(request: PushRequest): Promise<PushResult> {
    const signal = AbortSignal.any([request.signal, this.#disposed.signal]);
    signal.throwIfAborted();
    const refusal = refuseRemotePath(request.remotePath);
    if (refusal) throw refusal;
    const moved = request.putsLeftAside ? await abortable(this.#moveLeftAside(request), signal) : undefined;
    const result = await abortable(
      new Promise<PushResult>((resolve, reject) => this.#gather({ ...request, signal, resolve, reject })),
      signal,
    );
    const { sandboxId, remotePath, root } = request;
    if (request.isFresh)
      await this.#options.thread.use((worker) => worker.call("noteBegun", { sandboxId, remotePath, root }));
    return { ...result, ...moved };
  }

  async #moveLeftAside({ sandboxId, remotePath, root, exec }: PushRequest): Promise<MovedAside | undefined> {
    const key = { sandboxId, remotePath, root };
    const left = await this.#options.thread.use((worker) => leftOutputs(worker, key, exec));
    if (left.length === 0) return undefined;
    const moved = await moveAside(exec, remotePath, left);
    await this.#options.thread.use((worker) => worker.call("movedLeft", key));
    return moved;
  }

  /** Scans a folder ahead of its push. Never rejects: the push itself reports problems. */
  async prepare(root: string): Promise<void> {
    await this.#options.thread.use((worker) => worker.call("prepare", root)).catch(() => undefined);
  }

  /** True if a sandbox has the folder from an earlier push. */
  async hasPushed(key: BaselineKey): Promise<boolean> {
    return this.#options.thread.use((worker) => worker.call("isKnown", key));
  }

  dispose(): void {
    this.#disposed.abort();
  }

  #gather(pending: PendingPush): void {
    const { root } = pending;
    const others = this.#gathering.get(root);
    if (others) {
      others.push(pending);
      return;
    }
    const together = [pending];
    this.#gathering.set(root, together);
    setImmediate(() => {
      this.#gathering.delete(root);
      void this.#start(root, together);
    });
  }

  async #start(root: string, together: readonly PendingPush[]): Promise<void> {
    const { thread, approve } = this.#options;
    try {
      const job = { root, approve, compression: this.#compression, questions: this.#questions, targets: together };
      await thread.use((worker) => new PushJob({ ...job, worker }).run());
    } catch (error) {
      for (const { reject } of together) reject(error);
    }
  }
}
