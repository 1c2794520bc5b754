import { ThemeIcon, window, type Terminal } from "vscode";
import { DisposableStore, type Disposable } from "../../base/disposable";
import type { Logger } from "../../base/ports";
import { formatGpu } from "../../modal/gpus";
import type { Run } from "../../run/run";
import { RunTerminal } from "./runTerminal";

/** One terminal for each run. */
export class RunTerminals implements Disposable {
  readonly #isFree: () => boolean;
  readonly #log: Logger;
  readonly #own = new DisposableStore();
  readonly #terminals = new Map<string, Terminal>();

  constructor(isFree: () => boolean, log: Logger) {
    this.#isFree = isFree;
    this.#log = log;
    this.#own.add(
      window.onDidCloseTerminal((closed) => {
        for (const [runId, terminal] of this.#terminals) if (terminal === closed) this.#terminals.delete(runId);
      }),
    );
  }

  /** Opens the terminals of runs that were started together, and shows the first. */
  open(runs: readonly Run[]): void {
    for (const run of runs) {
      const terminal = window.createTerminal({
        name: `${run.target.label} · ${formatGpu(run.gpu)}`,
        pty: new RunTerminal(run, this.#isFree(), this.#log),
        iconPath: new ThemeIcon("server-process"),
        isTransient: true,
      });
      this.#terminals.set(run.id, terminal);
    }
    const [first] = runs;
    if (first) this.show(first.id);
  }

  show(runId: string): void {
    this.#terminals.get(runId)?.show();
  }

  dispose(): void {
    this.#own.dispose();
  }
}
