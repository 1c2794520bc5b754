import { TerminalExitReason, ThemeIcon, window, type Terminal } from "vscode";
import { DisposableStore, type Disposable } from "../../base/disposable";
import { messageOf, UserError } from "../../base/errors";
import { formatHourlyRate } from "../../base/format";
import type { Clock, Logger } from "../../base/ports";
import { formatGpu } from "../../modal/gpus";
import { fateOf, type OnTerminalClose } from "../../run/program/closedTerminal";
import type { Run } from "../../run/run";
import type { ReportError } from "../errorReporter";
import { inert, showDone, showInformation } from "../outsideText";
import { RunTerminal } from "./runTerminal";

export interface RunTerminalsOptions {
  /** True on the local backend. */
  readonly isFree: () => boolean;
  readonly onTerminalClose: () => OnTerminalClose;
  readonly clock: Clock;
  readonly log: Logger;
  /** Shows an error with its remedies, which a terminal cannot offer. */
  readonly report: ReportError;
}

const NOTICE_MS = 10_000;

const STOP = "Stop";
const SHOW = "Show";

/** The terminals of runs, one for each. */
export class RunTerminals implements Disposable {
  readonly #options: RunTerminalsOptions;
  readonly #own = new DisposableStore();
  readonly #terminals = new Map<Run, Terminal>();

  constructor(options: RunTerminalsOptions) {
    this.#options = options;
    this.#own.add(window.onDidCloseTerminal((closed) => this.#onClosed(closed)));
  }

  /** Opens terminals for runs that were started together, and shows the first. */
  open(runs: readonly Run[]): void {
    for (const run of runs) this.#create(run);
    this.#offerRemedies(runs);
    const [first] = runs;
    if (first) this.show(first);
  }

  /** Shows the terminal of a run; if it has none, opens one with all the output so far. */
  show(run: Run): void {
    (this.#terminals.get(run) ?? this.#create(run)).show();
  }

  /** Returns the run that a terminal shows. */
  runOf(terminal: Terminal): Run | undefined {
    return [...this.#terminals].find(([, known]) => known === terminal)?.[0];
  }

  /** Creates the contents of a terminal for a run. */
  pty(run: Run): RunTerminal {
    return new RunTerminal(run, this.#options.isFree(), this.#options.log);
  }

  /** Stops or keeps a run when the user closes its terminal, depending on the setting. */
  close(run: Run): void {
    const { onTerminalClose, clock } = this.#options;
    const fate = fateOf(run.state, onTerminalClose(), clock.now());
    if (fate === "stop") this.#attempt(run, this.#stop(run));
    else if (fate === "offer") this.#attempt(run, this.#offer(run));
  }

  /** Closes the terminal of a run that keeps running. */
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

  /** Does nothing when the whole window closes: the next window takes over the run. */
  #onClosed(closed: Terminal): void {
    for (const [run, terminal] of this.#terminals) {
      if (terminal !== closed) continue;
      this.#terminals.delete(run);
      if (closed.exitStatus?.reason === TerminalExitReason.User) this.close(run);
    }
  }

  async #stop(run: Run): Promise<void> {
    const { state } = run;
    await run.stop();
    if (state.kind !== "running") return;
    const price = this.#priceOf(state.dollarsPerHour);
    showDone(`${run.target.label} was stopped. Its ${formatGpu(run.gpu)} sandbox keeps running (${price})`, NOTICE_MS);
  }

  /** Once for an error that several runs have in common. */
  #offerRemedies(runs: readonly Run[]): void {
    const known = new Set<string>();
    for (const run of runs)
      void run.finished.then((state) => {
        if (state.kind !== "failed" || !(state.error instanceof UserError)) return;
        if (state.error.actions.length === 0 || known.has(state.error.message)) return;
        known.add(state.error.message);
        this.#options.report(state.error);
      });
  }

  /** Offers to stop the program, which otherwise keeps running and costing money. */
  async #offer(run: Run): Promise<void> {
    const price = run.state.kind === "running" ? ` (${this.#priceOf(run.state.dollarsPerHour)})` : "";
    const message = `${run.target.label} is still running on ${formatGpu(run.gpu)}${price}`;
    const chosen = await showInformation(message, STOP, SHOW);
    if (chosen === STOP) await run.stop();
    if (chosen === SHOW) this.show(run);
  }

  #priceOf(dollarsPerHour: number): string {
    return this.#options.isFree() ? "free on the local backend" : formatHourlyRate(dollarsPerHour);
  }

  #attempt(run: Run, act: Promise<void>): void {
    act.catch((error: unknown) => this.#options.log.warn(`Run ${run.id}: ${messageOf(error)}`));
  }

  dispose(): void {
    this.#own.dispose();
  }
}
