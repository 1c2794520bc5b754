import { abortError, onAbort, type SerialQueue } from "../../base/async";
import { newGeneration } from "../folder/baseline";
import { ProgressReporter } from "../worker/progressReporter";
import type { BigPush, PushProgress, PushRequest, PushResult } from "./pushRequest";
import { folderRefused, keepsChanging } from "./pushErrors";
import { askSandbox, listSandbox } from "../remote/askSandbox";
import { checksName } from "../archive/archiveLayout";
import type { Compression } from "../archive/compression";
import { isUntouched } from "../folder/inventory";
import type { ReceiverOptions } from "../remote/receiver";
import type { PackedSummary, PlanSummary } from "../worker/syncCalls";
import type { RunningWorker } from "../worker/syncThread";
import { Transfer } from "./transfer";

/** One target of a job, with the callbacks of its promise. */
export interface PendingPush extends PushRequest {
  readonly resolve: (result: PushResult) => void;
  readonly reject: (error: unknown) => void;
}

interface JobOptions {
  readonly root: string;
  readonly worker: RunningWorker;
  readonly approve: ((push: BigPush) => Promise<boolean>) | undefined;
  readonly compression: Compression;
  /** Serializes the questions of all jobs. */
  readonly questions: SerialQueue;
  readonly targets: readonly PendingPush[];
}

/** The most attempts for a target whose content turns out to be unexpected. */
const ATTEMPTS = 4;

const PROGRESS_MS = 100;

/** Pushes one scan of a folder to its targets. Targets that need the same entries share one archive. */
export class PushJob {
  readonly #options: JobOptions;
  readonly #session: number;

  constructor(options: JobOptions) {
    this.#options = options;
    this.#session = options.worker.newId();
  }

  /** Resolves when every target has its result; rejects if the folder itself cannot be pushed. */
  async run(): Promise<void> {
    const { root, worker, targets } = this.#options;
    const keys = targets.map(({ sandboxId, remotePath, isFresh = false }) => ({
      sandboxId,
      remotePath,
      root,
      isFresh,
    }));
    try {
      const opened = await worker.call("open", { session: this.#session, root, keys });
      if ("problem" in opened) throw folderRefused(root, opened.problem);
      const groups = this.#groupBy(targets.map((target, index) => planned(target, index, opened.plans[index])));
      await Promise.all(groups.map((group) => this.#push(group, 1)));
    } finally {
      if (!worker.isDead) await worker.call("close", { session: this.#session });
    }
  }

  /** Never rejects: each target's promise reports its own error. */
  async #push(group: readonly Planned[], attempt: number): Promise<void> {
    const plan = group[0]?.plan;
    if (!plan) return;
    try {
      if (plan.isEmpty) {
        for (const { target } of group) target.resolve(nothingSent(plan));
        return;
      }
      if (!(await this.#isApproved(group, plan))) throw abortError();
      await this.#send(group, attempt);
    } catch (error) {
      for (const { target } of group) target.reject(error);
    }
  }

  async #isApproved(group: readonly Planned[], plan: PlanSummary): Promise<boolean> {
    const { approve, root, worker } = this.#options;
    const { files, bytes, deletes, known = 0, biggest } = plan;
    if (!approve) return true;
    const isUnattended = group.every(({ target }) => target.isUnattended);
    const push = { root, files, bytes, deletes, known, biggest, isUnattended };
    if (plan.rules.length === 0) return approve({ ...push, rules: [] });

    const ask = async () => {
      if (group.every(({ target }) => target.signal.aborted)) return false;
      const which = { session: this.#session, target: group[0]?.index ?? 0 };
      const rules = await worker.call("pendingRules", which);
      const isApproved = await approve({ ...push, rules });
      if (isApproved && rules.length > 0) await worker.call("acceptRules", which);
      return isApproved;
    };
    // Questions are asked one at a time, so that several targets need only one answer. Unattended pushes ask nothing,
    // so they do not wait.
    return isUnattended ? ask() : this.#options.questions.run(ask);
  }

  async #send(group: readonly Planned[], attempt: number): Promise<void> {
    const { worker } = this.#options;
    const stream = worker.newId();
    const startedAt = performance.now();
    const isCompressed = group.every((planned) => this.#isCompressed(planned));
    const stamp = new Date().toISOString().slice(0, -1).replaceAll(/[-:]/g, "").replaceAll(/[T.]/g, "-");
    const streams = group.map(
      (planned, nth) => new TargetStream({ ...planned, stamp, isCompressed, checks: checksName(nth) }),
    );
    const live = () => streams.filter((targetStream) => !targetStream.transfer.isFinished);

    try {
      const packed = await worker.pack(
        { session: this.#session, stream, targets: group.map(({ index }) => index), isCompressed },
        async (block, progress) => {
          await Promise.all(live().map((targetStream) => targetStream.transfer.write(block)));
          if (live().length === 0) worker.stop(stream);
          for (const targetStream of live()) targetStream.report(progress);
        },
      );
      const sent = { stream, packed, attempt, startedAt, copies: group.length };
      await Promise.all(streams.map((targetStream) => this.#finish(targetStream, sent)));
    } catch (error) {
      // All targets failed: each reports its own error.
      if (live().length > 0) throw error;
      const sent = { stream, packed: undefined, attempt, startedAt, copies: group.length };
      await Promise.all(streams.map((targetStream) => this.#finish(targetStream, sent)));
    } finally {
      for (const targetStream of streams) targetStream.dispose();
    }
  }

  async #finish(targetStream: TargetStream, { stream, packed, attempt, startedAt, copies }: Sent): Promise<void> {
    const { worker, compression } = this.#options;
    const { target, plan, index, generation, stamp } = targetStream;
    try {
      target.signal.throwIfAborted();
      const end = await targetStream.transfer.finish();
      if (end.kind === "drifted") {
        await this.#repair({ target, plan, index }, attempt);
        return;
      }
      if (end.kind === "displaced") {
        // Counts as two attempts, so that it is repeated only once.
        if (attempt + 1 >= ATTEMPTS) throw end.error;
        await worker.call("noteKept", { session: this.#session, target: index, stamp, report: end.report });
        await this.#repair({ target, plan, index }, attempt + 1);
        return;
      }
      if (end.kind === "noGzip") {
        compression.lacksGzip(target.sandboxId);
        await this.#send([{ target, plan, index }], attempt);
        return;
      }
      if (!packed) throw abortError();
      const { report } = end;
      const elapsedMs = performance.now() - startedAt;
      compression.learn({ ...packed, wireBytes: packed.wireBytes * copies, elapsedMs });
      const confirmed = { session: this.#session, target: index, stream, generation, stamp, report };
      const conflicts = await worker.call("confirm", confirmed);
      targetStream.finishReport();
      const { files, bytes } = packed;
      target.resolve({ files, bytes, deleted: plan.deletes, skipped: [...plan.skipped, ...packed.skipped], conflicts });
    } catch (error) {
      target.reject(error);
    }
  }

  #isCompressed({ target, plan }: Planned): boolean {
    return this.#options.compression.paysFor(target.sandboxId, plan.bytes);
  }

  /**
   * Targets in a group share an archive. A first push has no checks, so it needs its own group, and an unattended push
   * must not wait for an answer.
   */
  #groupBy(all: readonly Planned[]): Planned[][] {
    const groups = new Map<string, Planned[]>();
    for (const one of all) {
      const { digest, known, isEmpty } = one.plan;
      const isUnattended = one.target.isUnattended ?? false;
      const key = [digest, known === undefined, isEmpty, this.#isCompressed(one), isUnattended].join(" ");
      groups.set(key, [...(groups.get(key) ?? []), one]);
    }
    return [...groups.values()];
  }

  /** Asks a sandbox what it has, and pushes what it lacks. */
  async #repair({ target, plan: before, index }: Planned, attempt: number): Promise<void> {
    if (attempt === ATTEMPTS) throw keepsChanging(target.remotePath);
    const { worker } = this.#options;
    const script = await worker.call("ask", { session: this.#session, target: index });
    const output = await askSandbox(target.exec, target.remotePath, script);
    target.signal.throwIfAborted();
    if (attempt === 1 && before.known === undefined && isUntouched(output)) await this.#noteImage(target, index);
    const plan = await worker.call("replan", { session: this.#session, target: index, output });
    await this.#push([{ target, index, plan }], attempt + 1);
  }

  /**
   * Records what the folder contains before the first push. It is part of the image, so no pull treats it as an output.
   */
  async #noteImage({ exec, remotePath, signal }: PendingPush, index: number): Promise<void> {
    const listing = await listSandbox(exec, remotePath);
    signal.throwIfAborted();
    if (listing !== undefined)
      await this.#options.worker.call("noteImage", { session: this.#session, target: index, listing });
  }
}

interface Planned {
  readonly target: PendingPush;
  readonly index: number;
  readonly plan: PlanSummary;
}

interface Sent {
  readonly stream: number;
  readonly packed: PackedSummary | undefined;
  readonly attempt: number;
  readonly startedAt: number;
  /** The number of targets that receive it. */
  readonly copies: number;
}

/** A stream's connection to one target. */
class TargetStream {
  readonly target: PendingPush;
  readonly plan: PlanSummary;
  readonly index: number;
  readonly stamp: string;
  readonly generation = newGeneration();
  readonly transfer: Transfer;
  readonly #progress: ProgressReporter<PushProgress>;
  readonly #stopListening: () => void;

  constructor({
    target,
    plan,
    index,
    stamp,
    ...rest
  }: Planned & Pick<ReceiverOptions, "stamp" | "isCompressed" | "checks">) {
    this.target = target;
    this.plan = plan;
    this.index = index;
    this.stamp = stamp;
    const { remotePath, exec, signal, onProgress } = target;
    const receiver = { remotePath, expected: plan.generation, isFirst: plan.known === undefined };
    this.transfer = new Transfer({ ...receiver, ...rest, generation: this.generation, stamp }, exec);
    this.#progress = new ProgressReporter((value: PushProgress) => onProgress?.(value), PROGRESS_MS);
    this.report({ files: 0, bytes: 0, path: "" });
    this.#stopListening = onAbort(signal, () => this.transfer.abandon());
  }

  report({ files, bytes, path }: { files: number; bytes: number; path: string }): void {
    this.#progress.report({ files, bytes, path, totalFiles: this.plan.files, totalBytes: this.plan.bytes });
  }

  finishReport(): void {
    this.#progress.finish();
  }

  dispose(): void {
    this.#stopListening();
    this.transfer.abandon();
    this.#progress.finish();
  }
}

function planned(target: PendingPush, index: number, plan: PlanSummary | undefined): Planned {
  if (!plan) throw new Error(`The sync worker made no plan for target ${index}.`);
  return { target, index, plan };
}

const nothingSent = ({ skipped }: PlanSummary): PushResult => ({
  files: 0,
  bytes: 0,
  deleted: 0,
  skipped,
  conflicts: [],
});
