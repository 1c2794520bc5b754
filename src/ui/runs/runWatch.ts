import { Lazy } from "../../base/async";
import { DisposableStore, type Disposable } from "../../base/disposable";
import { Emitter } from "../../base/event";
import type { RunService } from "../../run/runService";
import type { MetricService } from "../../sandboxes/metrics/metricService";
import type { Comparisons } from "../comparison/comparisons";
import type { MeterSource } from "../views/treeSources";
import type { Watching } from "../watching";

export interface RunWatchOptions {
  readonly runs: Pick<RunService, "onDidChangeRun">;
  /** Loads the code that watches programs. */
  readonly load: () => Promise<Watching>;
  readonly report: (error: unknown) => void;
}

/** Watches programs. The code for it is loaded with the first run, or when the user first looks at meters. */
export class RunWatch implements MeterSource, Disposable {
  readonly #options: RunWatchOptions;
  readonly #own = new DisposableStore();
  readonly #changed = this.#own.add(new Emitter<string>());
  readonly onDidChangeMetrics = this.#changed.event;
  readonly #loading = new Lazy(() => this.#start());
  #loaded: Watching | undefined;

  constructor(options: RunWatchOptions) {
    this.#options = options;
    this.#own.add(options.runs.onDidChangeRun(() => this.#ensure()));
  }

  /** The service that measures sandboxes. */
  async metrics(): Promise<MetricService> {
    return (await this.#loading.get()).metrics;
  }

  async comparisons(): Promise<Comparisons> {
    return (await this.#loading.get()).comparisons;
  }

  metersOf(key: string): ReturnType<MeterSource["metersOf"]> {
    return this.#loaded?.metersOf(key) ?? { summary: "", rows: [] };
  }

  /** Measures a sandbox until the result is disposed. */
  watch(key: string): Disposable {
    const own = new DisposableStore();
    this.#ensure((watching) => own.add(watching.metrics.watch(key)));
    return own;
  }

  dispose(): void {
    this.#own.dispose();
  }

  #ensure(then: (watching: Watching) => void = () => undefined): void {
    this.#loading.get().then(then, this.#options.report);
  }

  async #start(): Promise<Watching> {
    const watching = this.#own.add(await this.#options.load());
    this.#loaded = watching;
    this.#own.add(watching.metrics.onDidChangeMetrics((key) => this.#changed.fire(key)));
    return watching;
  }
}
