import { join } from "node:path";
import { Worker } from "node:worker_threads";

import { Deferred } from "../base/async";
import type { Disposable } from "../base/disposable";
import { Blocks, WORKER_LIMITS } from "./blocks";
import { Credits } from "./credits";
import type { PullCounts, PullOrder, PullReport, PullRequest } from "./pullMessages";

/** How many blocks the worker may have that it has not dealt with. */
const CREDITS = 4;

type Awaited = Exclude<PullReport["kind"], "taken" | "refused">;
type ReportOf<K extends PullReport["kind"]> = Extract<PullReport, { readonly kind: K }>;

/** The worker is built beside the code that starts it. */
export const defaultPullWorkerFile = (): string => join(__dirname, "pullWorker.js");

/** The worker of one pull, seen from the host. */
export class PullThread implements Disposable {
  readonly #worker: Worker;
  readonly #credits = new Credits(CREDITS);
  readonly #blocks: Blocks;
  readonly #reports = new Map<Awaited, Deferred<PullReport>>();
  readonly #failed = new Deferred<never>();
  #error: Error | undefined;

  constructor(
    workerFile: string,
    request: PullRequest,
    onProgress: (counts: PullCounts) => void,
    onRefused: (problem: ReportOf<"refused">["problem"]) => Error,
  ) {
    this.#worker = new Worker(workerFile, { workerData: request, resourceLimits: WORKER_LIMITS });
    this.#blocks = new Blocks((bytes) => {
      this.#credits.take();
      this.#send({ kind: "block", bytes }, [bytes.buffer]);
    });
    this.#failed.promise.catch(() => undefined);
    this.#worker.on("error", (error) => {
      this.#fail(error);
    });
    this.#worker.on("exit", () => {
      this.#fail(new Error("The pull's worker ended before its work did."));
    });
    this.#worker.on("message", (report: PullReport) => {
      if (report.kind === "refused") this.#fail(onRefused(report.problem));
      else if (report.kind !== "taken") this.#report(report.kind).resolve(report);
      else {
        this.#blocks.recycle(report.buffer);
        this.#credits.grant();
        onProgress(report);
      }
    });
  }

  /** Hands over a whole stream, never more of it at once than the worker keeps up with. */
  async feed(stream: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const chunk of stream) {
      await this.#credits.available();
      if (this.#error) throw this.#error;
      this.#blocks.append(chunk);
    }
    this.#blocks.flush();
  }

  /** Gives an order and waits for what comes of it. */
  async ask<K extends Awaited>(order: PullOrder, kind: K): Promise<ReportOf<K>> {
    this.#send(order);
    const report = await Promise.race([this.#report(kind).promise, this.#failed.promise]);
    return report as ReportOf<K>;
  }

  dispose(): void {
    // Resolves with the exit code; there is nothing to learn from it.
    void this.#worker.terminate();
  }

  #report(kind: Awaited): Deferred<PullReport> {
    const known = this.#reports.get(kind) ?? new Deferred<PullReport>();
    this.#reports.set(kind, known);
    return known;
  }

  #send(order: PullOrder, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(order, transfer);
  }

  /** Also lets go of a sender that waits for credits. */
  #fail(error: Error): void {
    this.#error ??= error;
    this.#failed.reject(error);
    for (let credit = 0; credit < CREDITS; credit += 1) this.#credits.grant();
  }
}
