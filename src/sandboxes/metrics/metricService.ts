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
  /** Whether something that was started here runs on it. */
  readonly isBusy: (key: string) => boolean;
  readonly clock: Clock;
  readonly log: Logger;
  readonly intervalMs?: number;
}

interface Measured {
  readonly history: MetricHistory;
  /** What the rates of the next sample are counted from, by whichever process. */
  before: Reading | undefined;
  viewers: number;
  /** While it is measured. */
  abort: AbortController | undefined;
  isGpuMissingTold: boolean;
}

const INTERVAL_MS = 2000;

/** In one go, a minute: so long a sandbox is kept from its idle limit where the window dies meanwhile. */
const COUNT = 30;

/** Of how many sandboxes what they did is known. */
const MAX_KEPT = 100;

const RETRY_MS = 30_000;
const LOOK_TIMEOUT_MS = 20_000;

/**
 * Measures sandboxes while somebody looks, each once however many look. What measures is a use, which keeps a sandbox
 * from its idle limit: where nothing of this window runs, it ends after a minute, until somebody looks anew.
 */
export class MetricService implements Disposable {
  readonly #options: MetricServiceOptions;
  readonly #measured = new Map<string, Measured>();
  readonly #changed = new Emitter<string>();
  /** Fires with the key of a sandbox after each sample of it, and when it is no longer measured. */
  readonly onDidChangeMetrics = this.#changed.event;
  readonly #subscription: Disposable;

  constructor(options: MetricServiceOptions) {
    this.#options = options;
    this.#subscription = options.store.onDidChangeSandboxes(({ changed, removed }) => {
      for (const sandbox of changed) if (!isRunning(sandbox)) this.#stop(sandbox.key);
      for (const { key } of removed) this.#stop(key);
    });
  }

  /** Oldest first; those of a sandbox that is gone too. */
  of(key: string): readonly MetricSample[] {
    return this.#measured.get(key)?.history.all ?? [];
  }

  isLive(key: string): boolean {
    return this.#measured.get(key)?.abort !== undefined;
  }

  /** What its busiest GPU came to between two moments; `undefined` where none was measured. */
  gpuPeak(key: string, from: number, to: number): GpuPeak | undefined {
    return this.#measured.get(key)?.history.gpuPeak(from, to);
  }

  /** Somebody looks, until the result is disposed. */
  watch(key: string): Disposable {
    const measured = this.#measuredOf(key);
    measured.viewers += 1;
    if (!measured.abort) void this.#measure(key, measured);
    let isOver = false;
    return toDisposable(() => {
      if (isOver) return;
      isOver = true;
      measured.viewers -= 1;
      if (measured.viewers === 0) this.#stop(key);
    });
  }

  /** One look at how busy the busiest GPU is, in percent; `undefined` where the sandbox has no tool to say so. */
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

  /** As long as something runs on it, else once. */
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
        log.info(`Meters of ${key}: its image lacks a shell, or one of head, sed, cut and tr.`);
        break;
      } catch (error) {
        if (signal.aborted) return;
        log.warn(`Meters of ${key}: ${messageOf(error)}`);
        await delay(RETRY_MS, signal).catch(() => undefined);
      }
    } while (!signal.aborted && isBusy(key));
    if (!signal.aborted) this.#stop(key);
  }

  /** Takes so many samples; returns the last, if the sandbox gives any. */
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
      this.#options.log.info(`${sandbox.name} has no nvidia-smi: nothing is known of its GPU.`);
    }
    this.#changed.fire(key);
  }
}

/** In characters: far more than a reading of thousands of processes has. */
const MAX_LINE = 1024 * 1024;

interface ReadRequest {
  readonly measured: Measured;
  readonly key: string;
  readonly sandboxId: string;
  readonly count: number;
  readonly signal: AbortSignal;
}

/** Ends early at a line that no reading is as long as: its tools are the sandbox's, which may print without end. */
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
