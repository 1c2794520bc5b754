import { DisposableStore, type Disposable } from "../../base/disposable";
import type { Logger } from "../../base/ports";
import { isFinished, type Run } from "../../run/run";
import type { RunService } from "../../run/runService";
import type { Sweep } from "../../run/sweep/sweep";
import { TrackedRuns } from "../../run/trackedRuns";
import type { MetricService } from "../../sandboxes/metrics/metricService";
import { comparisonOf, comparisonOfSweep, type SweepSubject } from "./comparisonSources";
import { opensComparison } from "../settings";
import { ComparisonPanel, type ComparisonPanelOptions, type ComparisonSource } from "./comparisonPanel";

export interface ComparisonsOptions extends ComparisonPanelOptions {
  readonly runs: Pick<RunService, "runs" | "onDidChangeRun">;
  readonly metrics: MetricService;
  readonly log: Logger;
}

/** The comparisons of this window: of runs that were started together, of sweeps, and of runs that were picked. */
export class Comparisons implements Disposable {
  readonly #options: ComparisonsOptions;
  readonly #own = new DisposableStore();
  readonly #tracked: TrackedRuns;
  readonly #groups = new Map<string, ComparisonSource>();
  readonly #sweeps: ComparisonSource[] = [];
  readonly #panels = new Set<ComparisonPanel>();

  constructor(options: ComparisonsOptions) {
    this.#options = options;
    const { runs, metrics, clock, log } = options;
    this.#tracked = this.#own.add(new TrackedRuns({ metrics, clock, log }));
    this.#own.add(runs.onDidChangeRun((run) => this.#openByItself(run)));
    runs.runs.forEach((run) => this.#openByItself(run));
  }

  /** The comparisons that can be opened again, newest first. */
  get all(): readonly ComparisonSource[] {
    for (const run of this.#options.runs.runs) this.#groupOf(run);
    return [...this.#sweeps, ...this.#groups.values()].reverse();
  }

  compare(runs: readonly Run[]): void {
    this.open(this.#own.add(comparisonOf(() => runs, this.#tracked)));
  }

  /** Returns the comparison of a run with those that were started together with it, if there are any. */
  ofGroup(run: Run): ComparisonSource | undefined {
    return this.#groupOf(run);
  }

  addSweep(sweep: Sweep<Run>, subject: SweepSubject): void {
    const source = this.#own.add(comparisonOfSweep(sweep, subject, this.#tracked));
    this.#sweeps.push(source);
    this.open(source);
  }

  /** Opens a comparison in the tab that already has it, in a tab whose comparison has finished, or in a new tab. */
  open(source: ComparisonSource, preserveFocus = false): void {
    const panels = [...this.#panels];
    const shown = panels.find((panel) => panel.source === source);
    const free = shown ?? panels.find((panel) => !panel.source.isLive);
    if (free) {
      if (!shown) free.show(source);
      free.reveal(preserveFocus);
      return;
    }
    const panel = new ComparisonPanel(source, this.#options);
    this.#panels.add(panel);
    panel.onDidClose(() => this.#panels.delete(panel));
  }

  dispose(): void {
    for (const panel of this.#panels) panel.dispose();
    this.#own.dispose();
  }

  #openByItself(run: Run): void {
    if (isFinished(run.state) || this.#groups.has(run.group)) return;
    const source = this.#groupOf(run);
    if (source && opensComparison()) this.open(source, true);
  }

  #groupOf({ group, setIndex }: Run): ComparisonSource | undefined {
    // The runs of a sweep are in the sweep's own comparison.
    if (setIndex !== undefined) return undefined;
    const known = this.#groups.get(group);
    if (known) return known;
    const runsOf = () => this.#options.runs.runs.filter((run) => run.group === group);
    if (runsOf().length < 2) return undefined;
    const source = this.#own.add(comparisonOf(runsOf, this.#tracked));
    this.#groups.set(group, source);
    return source;
  }
}
