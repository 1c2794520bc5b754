import { DisposableStore, type Disposable } from "../base/disposable";
import type { Clock, Logger } from "../base/ports";
import type { ExecGateway } from "../modal/exec";
import { isOver } from "../run/run";
import type { RunService } from "../run/runService";
import type { Activity } from "../sandboxes/activity";
import { MetricService } from "../sandboxes/metricService";
import { sandboxIdOf } from "../sandboxes/sandbox";
import type { SandboxStore } from "../sandboxes/sandboxStore";
import { MeterStatus } from "./meterStatus";
import { meterRows, meterSummary } from "./views/meterRows";
import type { MeterSource } from "./views/sandboxTreeModel";

export interface WatchingOptions {
  readonly exec: ExecGateway;
  readonly store: SandboxStore;
  readonly runs: RunService;
  readonly activity: Activity;
  readonly clock: Clock;
  readonly log: Logger;
}

/** All that looks at programs while they run: a chunk of the build, which is no part of running them. */
export class Watching implements Disposable {
  readonly #store: SandboxStore;
  readonly #own = new DisposableStore();
  readonly metrics: MetricService;

  constructor({ exec, store, runs, activity, clock, log }: WatchingOptions) {
    this.#store = store;
    const isBusy = (key: string) => {
      const sandbox = store.get(key);
      const id = sandbox && sandboxIdOf(sandbox);
      const hasRun = () => runs.runs.some(({ sandboxKey, state }) => sandboxKey === key && !isOver(state));
      return (id !== undefined && activity.isBusy(id)) || hasRun();
    };
    this.metrics = this.#own.add(new MetricService({ exec, store, isBusy, clock, log }));
    this.#own.add(new MeterStatus({ metrics: this.metrics, runs, store, metersOf: (key) => this.metersOf(key) }));
  }

  metersOf(key: string): ReturnType<MeterSource["metersOf"]> {
    const latest = this.metrics.of(key).at(-1);
    const measured = {
      latest,
      isLive: this.metrics.isLive(key),
      hasGpu: this.#store.get(key)?.gpu !== undefined,
    };
    return { summary: meterSummary(measured), rows: meterRows(measured) };
  }

  dispose(): void {
    this.#own.dispose();
  }
}
