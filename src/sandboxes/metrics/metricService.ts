import { abortable, delay, onAbort } from "../../base/async";
import { toDisposable, type Disposable } from "../../base/disposable";
import { messageOf } from "../../base/errors";
import { Emitter } from "../../base/event";
import type { Clock, Logger } from "../../base/ports";
import type { ExecGateway } from "../../modal/exec";
import { MetricHistory, type GpuPeak } from "./metricHistory";
import { parseReading, sampleOf, type MetricSample, type Reading } from "./metrics";
import SAMPLE from "./sample.sh";
import { isRunning, type RunningSandbox } from "../sandbox";
import type { SandboxStore } from "../sandboxStore";

export interface MetricServiceOptions {
  readonly exec: Pick<ExecGateway, "exec">;
  readonly store: SandboxStore;
  /** True if a program or shell of this window runs in the sandbox. */
  readonly isBusy: (key: string) => boolean;
  readonly clock: Clock;
  readonly log: Logger;
  readonly intervalMs?: number;
}

interface Measured {
  readonly history: MetricHistory;
  /** The previous reading, from any measuring process. Rates are computed from it. */
  before: Reading | undefined;
  viewers: number;
  /** Set while the sandbox is being measured. */
  abort: AbortController | undefined;
  isGpuMissingTold: boolean;
}

const INTERVAL_MS = 2000;

/**
 * The samples of one measuring process, which is a minute. If the window crashes, measuring extends the sandbox's idle
 * time by at most that.
 */
const COUNT = 30;

/** The number of sandboxes whose samples are kept. */
const MAX_KEPT = 100;

const RETRY_MS = 30_000;
const LOOK_TIMEOUT_MS = 20_000;

/**
 * Measures sandboxes while a view shows their metrics, each of them once however many views there are. Measuring counts
 * as use and resets the idle limit. If no program of this window runs in the sandbox, measuring stops after a minute,
 * until a view is opened again.
 */
export class MetricService implements Disposable {
  readonly #options: MetricServiceOptions;
  readonly #measured = new Map<string, Measured>();
  readonly #changed = new Emitter<string>();
  /** Fires with a sandbox's key after each sample, and when measuring stops. */
  readonly onDidChangeMetrics = this.#changed.event;
  readonly #subscription: Disposable;

  constructor(options: MetricServiceOptions) {
    this.#options = options;
    this.#subscription = options.store.onDidChangeSandboxes(({ changed, removed }) => {
      for (const sandbox of changed) if (!isRunning(sandbox)) this.#stop(sandbox.key);
      for (const { key } of removed) this.#stop(key);
    });
  }

  /** Returns the samples, oldest first, even of a sandbox that is gone. */
  of(key: string): readonly MetricSample[] {
    return this.#measured.get(key)?.history.all ?? [];
  }

  isLive(key: string): boolean {
    return this.#measured.get(key)?.abort !== undefined;
  }

  /** Returns the peak of the busiest GPU between two moments, `undefined` if none was measured. */
  gpuPeak(key: string, from: number, to: number): GpuPeak | undefined {
    return this.#measured.get(key)?.history.gpuPeak(from, to);
  }

  /** Measures the sandbox until the result is disposed. */
  watch(key: string): Disposable {
    const measured = this.#measuredOf(key);
    measured.viewers += 1;
    if (!measured.abort) void this.#measure(key, measured);
    let isDisposed = false;
    return toDisposable(() => {
      if (isDisposed) return;
      isDisposed = true;
      measured.viewers -= 1;
      if (measured.viewers === 0) this.#stop(key);
    });
  }

  /**
   * Measures the utilization of the busiest GPU once, in percent. Returns `undefined` if the sandbox has no tool for
   * that.
   */
  async gpuUtilization({ key, phase }: RunningSandbox): Promise<number | undefined> {
    const signal = AbortSignal.timeout(LOOK_TIMEOUT_MS);
    try {
      const sample = await this.#read({ measured: this.#measuredOf(key), key, sandboxId: phase.id, count: 1, signal });
      const percents = sample?.gpus?.map(({ utilization = 0 }) => utilization) ?? [];
      return percents.length > 0 ? Math.max(...percents) : undefined;
    } catch {
      return undefined;
    }
  }

  dispose(): void {
    this.#subscription.dispose();
    for (const key of this.#measured.keys()) this.#stop(key);
    this.#changed.dispose();
  }

  #measuredOf(key: string): Measured {
    const known = this.#measured.get(key);
    if (known) return known;
    const unused = [...this.#measured].find(([, { viewers }]) => viewers === 0);
    if (unused && this.#measured.size >= MAX_KEPT) this.#measured.delete(unused[0]);
    const made = {
      history: new MetricHistory(),
      before: undefined,
      viewers: 0,
      abort: undefined,
      isGpuMissingTold: false,
    };
    this.#measured.set(key, made);
    return made;
  }

  #stop(key: string): void {
    const measured = this.#measured.get(key);
    if (!measured?.abort) return;
    measured.abort.abort();
    measured.abort = undefined;
    this.#changed.fire(key);
  }

  /** Measures as long as something runs in the sandbox, or else once. */
  async #measure(key: string, measured: Measured): Promise<void> {
    const { store, isBusy, log } = this.#options;
    const abort = new AbortController();
    const { signal } = abort;
    measured.abort = abort;
    do {
      const sandbox = store.get(key);
      if (!sandbox || !isRunning(sandbox)) break;
      try {
        if (await this.#read({ measured, key, sandboxId: sandbox.phase.id, count: COUNT, signal })) continue;
        log.info(`Cannot measure ${key}: its image lacks a shell, or one of head, sed, cut and tr.`);
        break;
      } catch (error) {
        if (signal.aborted) return;
        log.warn(`Measuring ${key} failed: ${messageOf(error)}`);
        await delay(RETRY_MS, signal).catch(() => undefined);
      }
    } while (!signal.aborted && isBusy(key));
    if (!signal.aborted) this.#stop(key);
  }

  /** Takes `count` samples and returns the last one, if the sandbox sends any. */
  async #read({ measured, key, sandboxId, count, signal }: ReadRequest): Promise<MetricSample | undefined> {
    const { exec, clock, intervalMs = INTERVAL_MS } = this.#options;
    const argv = ["sh", "-c", SAMPLE, "sh", String(intervalMs / 1000), String(count)];
    const process = await exec.exec(sandboxId, argv, { isProbe: true }, signal);
    const stopEnding = onAbort(signal, () => {
      process.closeInput().catch(() => undefined);
    });
    const read = async () => {
      let last: MetricSample | undefined;
      let samples = 0;
      for await (const line of linesOf(process.stdout)) {
        const reading = parseReading(line);
        if (signal.aborted || !reading) break;
        last = sampleOf(clock.now(), reading, measured.before);
        measured.before = reading;
        this.#keep(key, measured, last);
        samples += 1;
        if (samples === count) break;
      }
      return last;
    };
    try {
      return await abortable(read(), signal);
    } finally {
      stopEnding();
      process.closeInput().catch(() => undefined);
    }
  }

  #keep(key: string, measured: Measured, sample: MetricSample): void {
    measured.history.add(sample);
    const sandbox = this.#options.store.get(key);
    if (sandbox?.gpu && !sample.gpus && !measured.isGpuMissingTold) {
      measured.isGpuMissingTold = true;
      this.#options.log.info(`${sandbox.name} has no nvidia-smi, so its GPU can't be measured.`);
    }
    this.#changed.fire(key);
  }
}

/** In characters: far more than a reading of thousands of processes takes. */
const MAX_LINE = 1024 * 1024;

interface ReadRequest {
  readonly measured: Measured;
  readonly key: string;
  readonly sandboxId: string;
  readonly count: number;
  readonly signal: AbortSignal;
}

/**
 * Splits the output into lines. Stops at a line that is longer than any reading, because the sandbox's tools may print
 * without end.
 */
async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
    if (rest.length > MAX_LINE) return;
  }
}
