import { EventEmitter, TerminalExitReason, window, type Pseudoterminal, type TerminalDimensions } from "vscode";
import { messageOf } from "../../base/errors";
import type { Run, RunState } from "../../run/run";
import type { RunTerminal } from "./runTerminal";
import type { RunTerminals } from "./runTerminals";
import { red } from "./styles";

/** The exit code that shells give an interrupted program. */
const INTERRUPTED = 130;

/** Shows the run of a task. Opening the terminal starts the run, and the task ends with the run. */
export class TaskTerminal implements Pseudoterminal {
  readonly #start: () => Promise<Run>;
  readonly #terminals: Pick<RunTerminals, "pty" | "close">;
  readonly #written = new EventEmitter<string>();
  readonly onDidWrite = this.#written.event;
  readonly #closed = new EventEmitter<number>();
  readonly onDidClose = this.#closed.event;
  #run: Run | undefined;
  #pty: RunTerminal | undefined;
  #isEnded = false;

  constructor(start: () => Promise<Run>, terminals: Pick<RunTerminals, "pty" | "close">) {
    this.#start = start;
    this.#terminals = terminals;
  }

  open(size: TerminalDimensions | undefined): void {
    void this.#show(size);
  }

  /**
   * Closing the terminal has the same effect as for other runs. **Terminate Task** always stops the program. If the
   * window closes, the next one takes over the run.
   */
  close(): void {
    this.#pty?.close();
    // VS Code reports the reason right after this, when the terminal has closed.
    const listening = window.onDidCloseTerminal(({ exitStatus }) => {
      listening.dispose();
      if (exitStatus?.reason === TerminalExitReason.Shutdown) return;
      this.#isEnded = true;
      if (exitStatus?.reason === TerminalExitReason.User && this.#run) this.#terminals.close(this.#run);
      else this.#stop();
    });
  }

  handleInput(data: string): void {
    this.#pty?.handleInput(data);
  }

  async #show(size: TerminalDimensions | undefined): Promise<void> {
    try {
      this.#run = await this.#start();
    } catch (error) {
      this.#written.fire(red(`✗ ${messageOf(error)}`));
      this.#closed.fire(1);
      return;
    }
    if (this.#isEnded) {
      this.#stop();
      return;
    }
    const pty = this.#terminals.pty(this.#run);
    this.#pty = pty;
    pty.onDidWrite((text) => this.#written.fire(text));
    pty.open(size);
    this.#closed.fire(exitCodeOf(await pty.finished));
  }

  #stop(): void {
    // The list of runs shows a failure.
    this.#run?.stop().catch(() => undefined);
  }
}

function exitCodeOf(state: RunState): number {
  if (state.kind === "ended") return state.exitCode;
  return state.kind === "canceled" ? INTERRUPTED : 1;
}
