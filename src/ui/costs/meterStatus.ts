import { StatusBarAlignment, window } from "vscode";
import { DisposableStore, toDisposable, type Disposable } from "../../base/disposable";
import type { Event } from "../../base/event";
import { formatGpu } from "../../modal/gpus";
import { isFinished, type Run } from "../../run/run";
import type { MetricService } from "../../sandboxes/metrics/metricService";
import { isRunning } from "../../sandboxes/sandbox";
import type { SandboxStore } from "../../sandboxes/sandboxStore";
import { inert, tooltipOf } from "../outsideText";
import { escapeMarkdown, markdownTable } from "../views/markdown";
import { metersTogether } from "../views/rows/meterRows";
import type { MeterSource } from "../views/treeSources";

export interface MeterStatusOptions {
  readonly metrics: MetricService;
  readonly runs: { readonly runs: readonly Run[]; readonly onDidChangeRun: Event<unknown> };
  readonly store: SandboxStore;
  readonly metersOf: MeterSource["metersOf"];
}

/** The status bar item with the meters of the sandboxes that this window's programs are running in. */
export class MeterStatus implements Disposable {
  readonly #options: MeterStatusOptions;
  readonly #own = new DisposableStore();
  readonly #item = this.#own.add(window.createStatusBarItem("modalSandboxes.meters", StatusBarAlignment.Left));
  readonly #watches = new Map<string, Disposable>();

  constructor(options: MeterStatusOptions) {
    this.#options = options;
    this.#item.name = "Modal Meters";
    this.#item.command = "modalSandboxes.sandboxes.focus";
    const update = () => {
      this.#watch();
      this.#render();
    };
    this.#own.add(options.runs.onDidChangeRun(update));
    this.#own.add(options.store.onDidChangeSandboxes(update));
    this.#own.add(
      options.metrics.onDidChangeMetrics((key) => {
        if (this.#watches.has(key)) this.#render();
      }),
    );
    this.#own.add(
      toDisposable(() => {
        for (const watch of this.#watches.values()) watch.dispose();
      }),
    );
    update();
  }

  dispose(): void {
    this.#own.dispose();
  }

  #watch(): void {
    const { runs, store, metrics } = this.#options;
    const going = runs.runs.flatMap(({ sandboxKey, state }) => {
      const sandbox = sandboxKey === undefined || isFinished(state) ? undefined : store.get(sandboxKey);
      return sandbox && isRunning(sandbox) ? [sandbox.key] : [];
    });
    for (const [key, watch] of this.#watches) {
      if (going.includes(key)) continue;
      watch.dispose();
      this.#watches.delete(key);
    }
    for (const key of going) if (!this.#watches.has(key)) this.#watches.set(key, metrics.watch(key));
  }

  #render(): void {
    const { metrics, metersOf } = this.#options;
    const keys = [...this.#watches.keys()];
    const samples = keys.flatMap((key) => metrics.of(key).at(-1) ?? []);
    if (samples.length === 0) {
      this.#item.hide();
      return;
    }
    const text = metersTogether(samples);
    this.#item.text = `$(pulse) ${inert(text)}`;
    this.#item.accessibilityInformation = { label: `Meters of the runs: ${text.replaceAll(" · ", ", ")}` };
    this.#item.tooltip = tooltipOf(keys.map((key) => this.#tooltipOf(key, metersOf(key).rows)).join("\n\n"));
    this.#item.show();
  }

  #tooltipOf(key: string, rows: ReturnType<MeterSource["metersOf"]>["rows"]): string {
    const name = formatGpu(this.#options.store.get(key)?.gpu);
    const details = rows.map(({ label, description }) => ({ name: label, value: description }));
    return `${escapeMarkdown(name)}\n\n${markdownTable(details)}`;
  }
}
