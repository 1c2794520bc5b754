import { TerminalExitReason, ThemeIcon, window, type Terminal } from "vscode";
import { DisposableStore, type Disposable } from "../../base/disposable";
import { messageOf } from "../../base/errors";
import type { Logger } from "../../base/ports";
import { formatGpu } from "../../modal/gpus";
import type { Run } from "../../run/run";
import { inert } from "../outsideText";
import { RunTerminal } from "./runTerminal";

/** One terminal for each run. */
export class RunTerminals implements Disposable {
  readonly #isFree: () => boolean;
  readonly #log: Logger;
  readonly #own = new DisposableStore();
  readonly #terminals = new Map<Run, Terminal>();

  constructor(isFree: () => boolean, log: Logger) {
    this.#isFree = isFree;
    this.#log = log;
    this.#own.add(
      window.onDidCloseTerminal((closed) => {
        this.#onClosed(closed);
      }),
    );
  }

  /** Opens the terminals of runs that were started together, and shows the first. */
  open(runs: readonly Run[]): void {
    for (const run of runs) this.#create(run);
    const [first] = runs;
    if (first) this.show(first);
  }

  /** Shows the terminal of a run; one that has none gets it, with all the output so far. */
  show(run: Run): void {
    (this.#terminals.get(run) ?? this.#create(run)).show();
  }

  /** The run that a terminal shows. */
  runOf(terminal: Terminal): Run | undefined {
    return [...this.#terminals].find(([, known]) => known === terminal)?.[0];
  }

  /** What a terminal of any kind shows of a run. */
  pty(run: Run): RunTerminal {
    return new RunTerminal(run, this.#isFree(), this.#log);
  }

  /** Closes the terminal of a run that goes on. */
  detach(run: Run): void {
    this.#terminals.get(run)?.dispose();
  }

  #create(run: Run): Terminal {
    const terminal = window.createTerminal({
      name: inert(`${run.target.label} · ${formatGpu(run.gpu)}`),
      pty: this.pty(run),
      iconPath: new ThemeIcon("server-process"),
      isTransient: true,
    });
    this.#terminals.set(run, terminal);
    return terminal;
  }

  /** A person who closes the terminal ends the run; a window that closes leaves it to the next. */
  #onClosed(closed: Terminal): void {
    for (const [run, terminal] of this.#terminals) {
      if (terminal !== closed) continue;
      this.#terminals.delete(run);
      if (closed.exitStatus?.reason !== TerminalExitReason.User) continue;
      run.stop().catch((error: unknown) => {
        this.#log.warn(`Run ${run.id}: ${messageOf(error)}`);
      });
    }
  }

  dispose(): void {
    this.#own.dispose();
  }
}
