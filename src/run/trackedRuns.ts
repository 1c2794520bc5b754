import { DisposableStore, MutableDisposable, type Disposable } from "../base/disposable";
import { messageOf } from "../base/errors";
import { Emitter } from "../base/event";
import type { Clock, Logger } from "../base/ports";
import type { MetricService } from "../sandboxes/metrics/metricService";
import type { ComparedRun } from "./compare/comparison";
import { ReportedValues } from "./output/reportedValues";
import { isFinished, type Run } from "./run";

export interface TrackedRunsOptions {
  readonly metrics: Pick<MetricService, "watch" | "of" | "gpuPeak" | "onDidChangeMetrics">;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Collects data about runs from the moment the user first compares them. */
export class TrackedRuns implements Disposable {
  readonly #options: TrackedRunsOptions;
  readonly #own = new DisposableStore();
  readonly #tracked = new Map<Run, TrackedRun>();
  readonly #changed = new Emitter<Run>();
  readonly onDidChangeTracked = this.#changed.event;

  constructor(options: TrackedRunsOptions) {
    this.#options = options;
    this.#own.add(
      options.metrics.onDidChangeMetrics((key) => {
        for (const run of this.#tracked.keys())
          if (run.sandboxKey === key && run.state.kind === "running") this.#changed.fire(run);
      }),
    );
  }

  /** Returns what is known about a run so far. The first call starts tracking. */
  of(run: Run): ComparedRun {
    const known = this.#tracked.get(run);
    if (known) return known.current;
    const tracked = new TrackedRun(run, this.#options, () => this.#changed.fire(run));
    this.#tracked.set(run, this.#own.add(tracked));
    return tracked.current;
  }

  dispose(): void {
    this.#own.dispose();
    this.#changed.dispose();
  }
}

type Measures = Pick<ComparedRun, "peak" | "utilization">;

/** The number of points in a small chart. */
const MAX_POINTS = 60;

class TrackedRun implements Disposable {
  readonly #run: Run;
  readonly #options: TrackedRunsOptions;
  readonly #onChange: () => void;
  readonly #own = new DisposableStore();
  readonly #watch = this.#own.add(new MutableDisposable());
  /** Values from output before tracking began. The next field has the values since then. */
  readonly #logged = new ReportedValues();
  readonly #live = new ReportedValues();
  /** Kept after the sandbox is gone, because its measurements are then gone too. */
  #last: Measures | undefined;

  constructor(run: Run, options: TrackedRunsOptions, onChange: () => void) {
    this.#run = run;
    this.#options = options;
    this.#onChange = onChange;
    if (run.state.kind !== "preparing") void this.#readLog();
    if (isFinished(run.state)) return;
    this.#own.add(
      run.onDidOutput((output) => {
        if (this.#live.add(output)) onChange();
      }),
    );
    this.#own.add(run.onDidChangeState(() => this.#onState()));
    this.#onState();
  }

  get current(): ComparedRun {
    const { id, target, gpu, state, queuedAt, outputs } = this.#run;
    return {
      id,
      runId: id,
      gpu,
      state,
      queuedAt,
      label: target.label,
      outputs: outputs?.path,
      args: target.args ?? [],
      values: new Map([...this.#logged.all, ...this.#live.all]),
      ...(this.#last ?? this.#measures()),
    };
  }

  dispose(): void {
    this.#own.dispose();
  }

  #onState(): void {
    const { state, sandboxKey, gpu } = this.#run;
    if (state.kind === "running" && sandboxKey !== undefined && gpu && !this.#watch.value)
      this.#watch.value = this.#options.metrics.watch(sandboxKey);
    if (isFinished(state)) {
      this.#live.end();
      this.#last = this.#measures();
      this.#watch.value = undefined;
    }
    this.#onChange();
  }

  #measures(): Measures {
    const { metrics, clock } = this.#options;
    const { state, sandboxKey } = this.#run;
    if (sandboxKey === undefined || !("startedAt" in state)) return { peak: undefined, utilization: [] };
    const to = state.kind === "ended" ? state.endedAt : clock.now();
    const samples = metrics.of(sandboxKey).filter(({ at }) => at >= state.startedAt && at <= to);
    const utilization = samples.flatMap(({ gpus = [] }) =>
      gpus.length > 0 ? [Math.max(...gpus.map(({ utilization: percent = 0 }) => percent))] : [],
    );
    return { peak: metrics.gpuPeak(sandboxKey, state.startedAt, to), utilization: thinned(utilization) };
  }

  async #readLog(): Promise<void> {
    try {
      for await (const bytes of this.#run.log.read()) this.#logged.add({ bytes, stream: "stdout" });
    } catch (error) {
      this.#options.log.debug(`Reading the output of the run ${this.#run.id}: ${messageOf(error)}`);
    }
    if (isFinished(this.#run.state)) this.#logged.end();
    this.#onChange();
  }
}

/** Reduces the points to at most `MAX_POINTS`. Each is the maximum of the points it replaces. */
function thinned(points: readonly number[]): number[] {
  const size = Math.ceil(points.length / MAX_POINTS);
  return Array.from({ length: size === 0 ? 0 : Math.ceil(points.length / size) }, (_, index) =>
    Math.max(...points.slice(index * size, (index + 1) * size)),
  );
}
