import { Worker } from "node:worker_threads";

import { abortError, Deferred } from "../../base/async";
import type { Disposable } from "../../base/disposable";
import { WORKER_LIMITS } from "../archive/blocks";
import { Feed } from "./feed";
import type { PackProgress } from "../archive/pack";
import type { PullCounts } from "../pull/pullMessages";
import type { FromWorker, SyncCall, SyncCalls, ToWorker } from "./syncCalls";
import type { SyncWorkerData } from "./syncWorker";

export interface SyncThreadOptions extends Partial<SyncWorkerData> {
  /** The path of the built `dist/syncWorker.mjs`. */
  readonly workerFile: string;
  /** How long the worker is kept after its last use, with its knowledge of the folders. */
  readonly idleMs?: number;
}

/** Handles a block of a stream; the worker reuses its memory once this resolves. */
export type OnBlock = (bytes: Uint8Array, progress: Readonly<PackProgress>) => Promise<void>;

/** The worker thread that does all disk access: started on first use, ended when idle, restarted if it dies. */
export class SyncThread implements Disposable {
  readonly #options: SyncThreadOptions;
  #running: RunningWorker | undefined;
  #uses = 0;
  #idleTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: SyncThreadOptions) {
    this.#options = options;
  }

  /** Runs `work` and keeps the same worker until it finishes. */
  async use<T>(work: (worker: RunningWorker) => Promise<T>): Promise<T> {
    clearTimeout(this.#idleTimer);
    this.#uses += 1;
    const worker = this.#alive();
    try {
      return await work(worker);
    } finally {
      this.#uses -= 1;
      if (this.#uses === 0) this.#endWhenIdle();
    }
  }

  dispose(): void {
    clearTimeout(this.#idleTimer);
    this.#running?.dispose();
    this.#running = undefined;
  }

  #alive(): RunningWorker {
    if (this.#running && !this.#running.isDead) return this.#running;
    const { workerFile, baselineFolder } = this.#options;
    this.#running = new RunningWorker(workerFile, { baselineFolder });
    return this.#running;
  }

  #endWhenIdle(): void {
    this.#idleTimer = setTimeout(() => this.dispose(), this.#options.idleMs ?? DEFAULT_IDLE_MS);
    this.#idleTimer.unref();
  }
}

const DEFAULT_IDLE_MS = 10 * 60_000;

export class RunningWorker implements Disposable {
  readonly #worker: Worker;
  readonly #calls = new Map<number, Deferred<unknown>>();
  readonly #streams = new Map<number, OnBlock>();
  readonly #feeds = new Map<number, Feed>();
  #ids = 0;
  isDead = false;

  constructor(file: string, workerData: SyncWorkerData) {
    this.#worker = new Worker(file, { workerData, resourceLimits: WORKER_LIMITS });
    this.#worker.unref();
    this.#worker.on("message", (message: FromWorker) => this.#receive(message));
    this.#worker.on("error", (error) => this.#die(error));
    this.#worker.on("exit", () => this.#die(new Error("The sync worker ended before its work was done.")));
  }

  /** Returns an ID that is unique among this worker's sessions and streams. */
  newId(): number {
    this.#ids += 1;
    return this.#ids;
  }

  async call<C extends SyncCall>(call: C, params: SyncCalls[C]["params"]): Promise<SyncCalls[C]["result"]> {
    if (this.isDead) throw new Error("The sync worker is gone.");
    const id = this.newId();
    const answer = new Deferred<unknown>();
    this.#calls.set(id, answer);
    // The process must not end while it waits for an answer.
    this.#worker.ref();
    this.#post({ kind: "call", id, call, params });
    try {
      return (await answer.promise) as SyncCalls[C]["result"];
    } finally {
      this.#calls.delete(id);
      if (this.#calls.size === 0) this.#worker.unref();
    }
  }

  /** Packs a stream and passes its blocks to `onBlock`; resolves once the last block was taken. */
  async pack(params: SyncCalls["pack"]["params"], onBlock: OnBlock): Promise<SyncCalls["pack"]["result"]> {
    let taking: Promise<void> = Promise.resolve();
    this.#streams.set(params.stream, (bytes, progress) => {
      taking = taking.then(() => onBlock(bytes, progress));
      return taking;
    });
    try {
      const answer = await this.call("pack", params);
      await taking;
      return answer;
    } finally {
      this.#streams.delete(params.stream);
    }
  }

  /** Stops a stream whose rest is not needed: its `pack` rejects with an abort error. */
  stop(stream: number): void {
    if (!this.isDead) this.#post({ kind: "stop", stream });
  }

  /** Opens a feed for the streams of a session, until `closeFeed`. */
  openFeed(session: number, onProgress: (counts: PullCounts) => void): Feed {
    const feed = new Feed((bytes) => {
      if (!this.isDead) this.#post({ kind: "feed", session, bytes }, [bytes.buffer]);
    }, onProgress);
    this.#feeds.set(session, feed);
    return feed;
  }

  closeFeed(session: number): void {
    this.#feeds.get(session)?.fail(abortError());
    this.#feeds.delete(session);
  }

  dispose(): void {
    this.#die(new Error("The sync worker was ended."));
    // The exit code is not needed.
    void this.#worker.terminate();
  }

  #receive(message: FromWorker): void {
    switch (message.kind) {
      case "answer":
        this.#calls.get(message.id)?.resolve(message.answer);
        break;
      case "failure":
        this.#calls.get(message.id)?.reject(message.error);
        break;
      case "block":
        void this.#take(message.stream, message.bytes, message.progress);
        break;
      case "fed":
        this.#feeds.get(message.session)?.fed(message.buffer, message.counts, message.isEnough);
        break;
    }
  }

  async #take(stream: number, bytes: Uint8Array<ArrayBuffer>, progress: Readonly<PackProgress>): Promise<void> {
    try {
      await this.#streams.get(stream)?.(bytes, progress);
    } catch {
      this.stop(stream);
    }
    const { buffer } = bytes;
    if (!this.isDead) this.#post({ kind: "taken", stream, buffer }, [buffer]);
  }

  #post(message: ToWorker, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  #die(error: Error): void {
    this.isDead = true;
    for (const feed of this.#feeds.values()) feed.fail(error);
    for (const call of this.#calls.values()) call.reject(error);
    this.#calls.clear();
  }
}
