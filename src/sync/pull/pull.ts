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

/** A process in a sandbox, as much of it as a pull needs. Both outputs must be read. */
export interface PullProcess {
  readonly stdout: AsyncIterable<Uint8Array>;
  readonly stderr: AsyncIterable<Uint8Array>;
  readonly exitCode: Promise<number>;
  write(bytes: Uint8Array): Promise<void>;
  closeInput(): Promise<void>;
}

export interface PullOptions {
  /** The local folder that the files go into. */
  readonly root: string;
  /** Absolute. */
  readonly remotePath: string;
  /** What of it: a file or a folder in it; all of it if left out. */
  readonly path?: string;
  /** What both sides are known to hold; without it everything comes. */
  readonly since?: PullSince;
  /** Starts a process in the sandbox. */
  readonly exec: (argv: string[]) => Promise<PullProcess>;
  /** Asked before anything is written; `undefined` ends the pull. Without it everything comes. */
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
 * Brings what the sandbox's programs made or changed into the folder. Replaces only what was not changed here; deletes
 * nothing. A file is whole under its name at every moment. When it rejects or is cancelled, what came already stays.
 */
export async function pull(thread: SyncThread, options: PullOptions): Promise<PullResult> {
  const { signal } = options;
  if (signal.aborted) throw abortError();
  return thread.use(async (worker) => {
    const receiver = new Receiver(worker, options);
    try {
      return await abortable(bring(receiver, options), signal);
    } catch (error) {
      // What is complete is noted, and what is not is cleared away; a moment is enough for that.
      await Promise.race([receiver.end(true).catch(() => undefined), delay(STOP_MS)]);
      throw error;
    } finally {
      receiver.dispose();
    }
  });
}

const STOP_MS = 120;

/** The session of one pull in the worker that owns the disk. */
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

  /** As `Feed.pour`. */
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

async function bring(receiver: Receiver, options: PullOptions): Promise<PullResult> {
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

/** @returns the lister's exit code; none if it lists more than is read */
async function pourListing(receiver: Receiver, { remotePath, path, exec }: PullOptions): Promise<number | undefined> {
  const process = await exec(listerCommand(remotePath, path === undefined ? "." : `./${path}`, NEVER_LISTED));
  void process.closeInput().catch(() => undefined);
  return (await pourOutput(receiver, process))?.exitCode;
}

interface ProcessEnd {
  readonly exitCode: number;
  /** Everything on standard error. */
  readonly errors: string;
}

/** @returns undefined if the session wants no more of the output, for whose end nobody waits then */
async function pourOutput(receiver: Receiver, process: PullProcess): Promise<ProcessEnd | undefined> {
  const ended = Promise.all([process.exitCode, drain(process.stderr)]);
  const isWhole = await Promise.race([receiver.pour(process.stdout), rejectionOf(ended)]);
  if (!isWhole) return undefined;
  const [exitCode, errors] = await ended;
  return { exitCode, errors };
}

/** Never resolves. */
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
    // Its own end is what counts; where it cannot be told, the sandbox's ends it.
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
    // A sender that takes no names has ended, and its exit code says why.
  }
}

const NAMES_BYTES = 256 * 1024;

/** Reads errors. A sandbox that has nothing but errors is not listened to for ever. */
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

/** A line for each of 20,000 files that cannot be read, and more. */
const MAX_ERROR_BYTES = 8 * 1024 * 1024;
