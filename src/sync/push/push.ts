import { abortable, SerialQueue } from "../../base/async";
import type { Disposable } from "../../base/disposable";
import type { BaselineKey } from "../folder/baseline";
import { Compression, type CompressionSetting } from "../archive/compression";
import { leftOutputs } from "../pull/leftOutputs";
import { moveAside, type MovedAside } from "../folder/moveAside";
import { PushJob, type Delivering } from "./pushJob";
import type { BigPush, PushRequest, PushResult } from "./pushRequest";
import type { SyncThread } from "../worker/syncThread";
import { refuseRemotePath } from "../rules/systemFolders";

export interface PusherOptions {
  readonly thread: SyncThread;
  /** Asked before every push; a push that it does not let through is cancelled. */
  readonly approve?: (push: BigPush) => Promise<boolean>;
  /** Read at each push; without it nothing is compressed. */
  readonly compression?: () => CompressionSetting;
}

/** Makes what folders hold the content of sandboxes, less what is ignored; what else is there stays. */
export class Pusher implements Disposable {
  readonly #options: PusherOptions;
  /** What was asked for in this turn of the event loop, by folder. */
  readonly #gathering = new Map<string, Delivering[]>();
  readonly #disposed = new AbortController();
  readonly #compression: Compression;
  readonly #questions = new SerialQueue();

  constructor(options: PusherOptions) {
    this.#options = options;
    this.#compression = new Compression(options.compression ?? (() => "off"));
  }

  /** Sends what changed. What is asked for at once of one folder is scanned once and, where it is the same, packed once. */
  async push(request: PushRequest): Promise<PushResult> {
    const signal = AbortSignal.any([request.signal, this.#disposed.signal]);
    signal.throwIfAborted();
    const refusal = refuseRemotePath(request.remotePath);
    if (refusal) throw refusal;
    const moved = request.putsLeftAside ? await abortable(this.#moveLeftAside(request), signal) : undefined;
    const result = await abortable(
      new Promise<PushResult>((resolve, reject) => {
        this.#gather({ ...request, signal, resolve, reject });
      }),
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

  /** Looks at a folder ahead of its push. Never rejects: what is wrong the push says. */
  async prepare(root: string): Promise<void> {
    await this.#options.thread.use((worker) => worker.call("prepare", root)).catch(() => undefined);
  }

  /** Whether a sandbox has the folder from a push before. */
  async hasPushed(key: BaselineKey): Promise<boolean> {
    return this.#options.thread.use((worker) => worker.call("isKnown", key));
  }

  dispose(): void {
    this.#disposed.abort();
  }

  #gather(delivering: Delivering): void {
    const { root } = delivering;
    const others = this.#gathering.get(root);
    if (others) {
      others.push(delivering);
      return;
    }
    const together = [delivering];
    this.#gathering.set(root, together);
    setImmediate(() => {
      this.#gathering.delete(root);
      void this.#start(root, together);
    });
  }

  async #start(root: string, together: readonly Delivering[]): Promise<void> {
    const { thread, approve } = this.#options;
    try {
      const job = { root, approve, compression: this.#compression, questions: this.#questions, targets: together };
      await thread.use((worker) => new PushJob({ ...job, worker }).run());
    } catch (error) {
      for (const { reject } of together) reject(error);
    }
  }
}
