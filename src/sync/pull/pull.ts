import { randomBytes } from "node:crypto";

import { abortable, abortError, delay } from "../../base/async";
import type { Disposable } from "../../base/disposable";
import type { Feed } from "../worker/feed";
import {
  listerFailed,
  listingCut,
  listingEmpty,
  listingTooMuch,
  pullRefused,
  senderFailed,
  tooManyErrors,
} from "./pullErrors";
import type { PlanSummary, PullCounts, PullDecision, PullOutcome, PullSince } from "./pullMessages";
import { NEVER_LISTED } from "../folder/pullNames";
import { ProgressReporter } from "../worker/progressReporter";
import { listerCommand } from "../remote/remoteListing";
import { senderCommand, stopSenderCommand } from "../remote/remoteSender";
import type { RunningWorker, SyncThread } from "../worker/syncThread";

/** The part of a process in a sandbox that a pull uses. Both outputs must be read. */
export interface PullProcess {
  readonly stdout: AsyncIterable<Uint8Array>;
  readonly stderr: AsyncIterable<Uint8Array>;
  readonly exitCode: Promise<number>;
  write(bytes: Uint8Array): Promise<void>;
  closeInput(): Promise<void>;
}

export interface PullOptions {
  /** The local folder to pull into. */
  readonly root: string;
  /** Absolute. */
  readonly remotePath: string;
  /** A file or folder in `remotePath` to pull; all of it if undefined. */
  readonly path?: string;
  /** The known content of both sides; without it every entry is pulled. */
  readonly since?: PullSince;
  /** Starts a process in the sandbox. */
  readonly exec: (argv: string[]) => Promise<PullProcess>;
  /** Called before anything is written; `undefined` ends the pull. Without it every entry is pulled. */
  readonly decide?: (plan: PlanSummary) => Promise<PullDecision | undefined>;
  /** Called at most ten times a second, and once at the end. */
  readonly onProgress?: (progress: PullProgress) => void;
  readonly signal: AbortSignal;
}

export interface PullProgress extends PullCounts {
  readonly totalFiles: number;
  readonly totalBytes: number;
}

export type PullResult = Omit<PullOutcome, "end">;

/**
 * Pulls what the sandbox's programs made or changed into the folder. Replaces only files that did not change here, and
 * deletes nothing. A file under its final name is always complete. If the pull fails or is canceled, files that were
 * already pulled stay.
 */
export async function pull(thread: SyncThread, options: PullOptions): Promise<PullResult> {
  const { signal } = options;
  if (signal.aborted) throw abortError();
  return thread.use(async (worker) => {
    const receiver = new Receiver(worker, options);
    try {
      return await abortable(pullInto(receiver, options), signal);
    } catch (error) {
      // Complete files are recorded and incomplete ones are removed, within a short time limit.
      await Promise.race([receiver.end(true).catch(() => undefined), delay(STOP_MS)]);
      throw error;
    } finally {
      receiver.dispose();
    }
  });
}

const STOP_MS = 120;

/** The session of one pull in the worker that does the disk access. */
class Receiver implements Disposable {
  readonly #worker: RunningWorker;
  readonly #session: number;
  readonly #feed: Feed;
  readonly #progress: ProgressReporter<PullProgress>;
  #plan: PlanSummary | undefined;

  constructor(worker: RunningWorker, { onProgress }: PullOptions) {
    this.#worker = worker;
    this.#session = worker.newId();
    this.#progress = new ProgressReporter((value) => onProgress?.(value), 100);
    this.#feed = worker.openFeed(this.#session, (counts) => {
      const { files: totalFiles, bytes: totalBytes } = this.#plan ?? { files: 0, bytes: 0 };
      if (totalFiles > 0) this.#progress.report({ ...counts, totalFiles, totalBytes });
    });
  }

  async open({ root, path, since }: PullOptions): Promise<void> {
    const problem = await this.#worker.call("openPull", { session: this.#session, root, path, since });
    if (problem) throw pullRefused(root, problem);
  }

  /** See `Feed.pour`. */
  pour(stream: AsyncIterable<Uint8Array>): Promise<boolean> {
    return this.#feed.pour(stream);
  }

  async plan(): Promise<PlanSummary> {
    return (this.#plan = await this.#worker.call("planPull", { session: this.#session }));
  }

  start(decision: PullDecision): Promise<Uint8Array> {
    return this.#worker.call("startPull", { session: this.#session, ...decision });
  }

  recheck(changed: string): Promise<Uint8Array> {
    return this.#worker.call("recheckPull", { session: this.#session, changed });
  }

  end(isStopped: boolean): Promise<PullOutcome> {
    return this.#worker.call("endPull", { session: this.#session, isStopped });
  }

  dispose(): void {
    this.#worker.closeFeed(this.#session);
    this.#progress.finish();
  }
}

async function pullInto(receiver: Receiver, options: PullOptions): Promise<PullResult> {
  const plan = await list(receiver, options);
  const decision = options.decide ? await options.decide(plan) : EVERYTHING;
  if (!decision) throw abortError();
  options.signal.throwIfAborted();
  let exitCode = 0;
  for (let names = await receiver.start(decision); names.length > 0;) {
    const sent = await transfer(receiver, options, names);
    if (!sent) break;
    exitCode = sent.exitCode;
    names = await receiver.recheck(sent.errors);
  }
  const outcome = await receiver.end(false);
  const failure = senderFailed(outcome, exitCode);
  if (failure) throw failure;
  return outcome;
}

async function list(receiver: Receiver, options: PullOptions): Promise<PlanSummary> {
  const { remotePath } = options;
  const [exitCode] = await Promise.all([pourListing(receiver, options), receiver.open(options)]);
  const failure = exitCode === undefined ? undefined : listerFailed(remotePath, exitCode);
  if (failure) throw failure;
  const plan = await receiver.plan();
  if (plan.listing === "tooMuch") throw listingTooMuch(remotePath);
  if (plan.listing === "cut") throw listingCut();
  if (plan.listing === "empty") throw listingEmpty(remotePath);
  return plan;
}

/** @returns the lister's exit code; undefined if the listing exceeds the limits */
async function pourListing(receiver: Receiver, { remotePath, path, exec }: PullOptions): Promise<number | undefined> {
  const process = await exec(listerCommand(remotePath, path === undefined ? "." : `./${path}`, NEVER_LISTED));
  void process.closeInput().catch(() => undefined);
  return (await pourOutput(receiver, process))?.exitCode;
}

interface ProcessEnd {
  readonly exitCode: number;
  /** The complete standard error. */
  readonly errors: string;
}

/** @returns undefined, without waiting for the process to end, if the session needs no more of the output */
async function pourOutput(receiver: Receiver, process: PullProcess): Promise<ProcessEnd | undefined> {
  const ended = Promise.all([process.exitCode, drain(process.stderr)]);
  const isComplete = await Promise.race([receiver.pour(process.stdout), rejectionOf(ended)]);
  if (!isComplete) return undefined;
  const [exitCode, errors] = await ended;
  return { exitCode, errors };
}

/** Rejects if the work does, and never resolves. */
const rejectionOf = (work: Promise<unknown>): Promise<never> =>
  new Promise((_, reject) => {
    work.catch(reject);
  });

const EVERYTHING: PullDecision = {
  isOverwriting: false,
  maxBytes: Number.MAX_SAFE_INTEGER,
};

async function transfer(
  receiver: Receiver,
  { remotePath, exec, signal }: PullOptions,
  names: Uint8Array,
): Promise<ProcessEnd | undefined> {
  const token = randomBytes(6).toString("hex");
  const process = await exec(senderCommand(remotePath, token, NEVER_LISTED));
  const stop = () => {
    // Not awaited, because only the sender's end matters. If it cannot be stopped, it ends with the sandbox.
    exec(stopSenderCommand(token))
      .then(
        (stopping) => Promise.all([drain(stopping.stdout), drain(stopping.stderr), stopping.closeInput()]),
        () => undefined,
      )
      .catch(() => undefined);
  };
  signal.addEventListener("abort", stop, { once: true });
  try {
    const [end] = await Promise.all([pourOutput(receiver, process), ask(process, names)]);
    if (!end) stop();
    return end;
  } catch (error) {
    if (!signal.aborted) stop();
    throw error;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

async function ask(process: PullProcess, names: Uint8Array): Promise<void> {
  try {
    for (let sent = 0; sent < names.length; sent += NAMES_BYTES)
      await process.write(names.subarray(sent, sent + NAMES_BYTES));
    await process.closeInput();
  } catch {
    // A sender that reads no names has ended, and its exit code shows why.
  }
}

const NAMES_BYTES = 256 * 1024;

/** Reads errors up to a limit: a sandbox might print errors forever. */
async function drain(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MAX_ERROR_BYTES) throw tooManyErrors();
  }
  return Buffer.concat(chunks).toString();
}

/** Enough for one line for each of 20,000 unreadable files. */
const MAX_ERROR_BYTES = 8 * 1024 * 1024;
