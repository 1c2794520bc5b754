import { window } from "vscode";
import { DisposableStore, type Disposable } from "../base/disposable";
import type { Clock, Logger } from "../base/ports";
import type { ExecGateway } from "../modal/exec";
import { isFinished, type Run } from "../run/run";
import type { RunService } from "../run/runService";
import type { Activity } from "../sandboxes/metrics/activity";
import { MetricService } from "../sandboxes/metrics/metricService";
import { sandboxIdOf } from "../sandboxes/sandbox";
import type { SandboxStore } from "../sandboxes/sandboxStore";
import type { SyncThread } from "../sync/worker/syncThread";
import type { TunnelService } from "../sandboxes/tunnelService";
import { Comparisons, type ComparisonsOptions } from "./comparison/comparisons";
import { MeterStatus } from "./costs/meterStatus";
import { PortOffers } from "./runs/portOffers";
import { keepOutputs, openOutputs } from "./runs/runOutputs";
import { RunProblems } from "./runs/runProblems";
import type { RunTerminals } from "./terminals/runTerminals";
import { TracebackLinks } from "./terminals/tracebackLinks";
import { meterRows, meterSummary } from "./views/rows/meterRows";
import type { MeterSource } from "./views/treeSources";

export interface WatchingOptions extends Pick<ComparisonsOptions, "extensionUri" | "isFree"> {
  readonly thread: SyncThread;
  readonly exec: ExecGateway;
  readonly store: SandboxStore;
  readonly runs: RunService;
  readonly activity: Activity;
  readonly clock: Clock;
  readonly log: Logger;
  readonly tunnels: TunnelService;
  readonly terminals: RunTerminals;
  readonly report: (error: unknown) => void;
}

/**
 * Everything that watches programs while they run. It is a separate chunk of the build, because running a program does
 * not need it.
 */
export class Watching implements Disposable {
  readonly #store: SandboxStore;
  readonly #own = new DisposableStore();
  readonly #problems = this.#own.add(new RunProblems());
  readonly #ports: PortOffers;
  readonly metrics: MetricService;
  readonly comparisons: Comparisons;

  constructor(options: WatchingOptions) {
    const { exec, store, runs, activity, clock, log, tunnels, terminals, report } = options;
    this.#store = store;
    const isBusy = (key: string) => {
      const sandbox = store.get(key);
      const id = sandbox && sandboxIdOf(sandbox);
      const hasRun = () => runs.runs.some(({ sandboxKey, state }) => sandboxKey === key && !isFinished(state));
      return (id !== undefined && activity.isBusy(id)) || hasRun();
    };
    this.metrics = this.#own.add(new MetricService({ exec, store, isBusy, clock, log }));
    this.#own.add(new MeterStatus({ metrics: this.metrics, runs, store, metersOf: (key) => this.metersOf(key) }));
    this.#ports = this.#own.add(new PortOffers({ store, tunnels, report }));
    this.#own.add(window.registerTerminalLinkProvider(new TracebackLinks((terminal) => terminals.runOf(terminal))));
    const showRun = (run: Run) => terminals.show(run);
    const keeping = { openOutputs, keepOutputs: (run: Run) => keepOutputs(run, options.thread, log) };
    this.comparisons = this.#own.add(new Comparisons({ ...options, ...keeping, showRun, metrics: this.metrics }));
    this.#follow(runs);
  }

  /** Watches each run from its start. */
  #follow(runs: RunService): void {
    const followed = new WeakSet<Run>();
    const follow = (run: Run) => {
      if (followed.has(run) || isFinished(run.state)) return;
      followed.add(run);
      if (!run.isMatched) this.#problems.follow(run);
      this.#ports.follow(run);
    };
    runs.runs.forEach(follow);
    this.#own.add(runs.onDidChangeRun(follow));
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
