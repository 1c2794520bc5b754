import { EventEmitter, TerminalExitReason, window, type Pseudoterminal, type TerminalDimensions } from "vscode";
import { messageOf } from "../../base/errors";
import type { Run, RunState } from "../../run/run";
import type { RunTerminal } from "./runTerminal";
import type { RunTerminals } from "./runTerminals";
import { red } from "./styles";

/** The exit code of a shell for what was interrupted. */
const INTERRUPTED = 130;

/** Shows the run of a task, which begins with its terminal and ends with the run. */
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
   * Closing the terminal does to the program what closing a run's own does; **Terminate Task** stops it at any age, as
   * its name says; a window that closes leaves it to the next.
   */
  close(): void {
    this.#pty?.close();
    // Why, the end of the terminal says, which VS Code tells right after this.
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
    pty.onDidWrite((text) => {
      this.#written.fire(text);
    });
    pty.open(size);
    this.#closed.fire(exitCodeOf(await pty.finished));
  }

  #stop(): void {
    // Its failure is told where the run is listed.
    this.#run?.stop().catch(() => undefined);
  }
}

function exitCodeOf(state: RunState): number {
  if (state.kind === "ended") return state.exitCode;
  return state.kind === "cancelled" ? INTERRUPTED : 1;
}
