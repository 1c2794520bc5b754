import { EventEmitter, type Pseudoterminal, type TerminalDimensions } from "vscode";
import { Deferred } from "../../base/async";
import { messageOf, isAbort, UserError } from "../../base/errors";
import { formatEstimate, formatDuration } from "../../base/format";
import type { Logger } from "../../base/ports";
import { isFinished, type OutputSink, type Run, type RunState } from "../../run/run";
import { outcomeOf, type RunOutcome } from "../../run/runOutcome";
import { commandEnd, commandStart } from "./commandMarks";
import { LineInput } from "./lineInput";
import { OutputText } from "./outputText";
import { TerminalWriter } from "./terminalWriter";
import { dim, green, red } from "./styles";

/** The size to assume until the terminal is shown. */
const UNSEEN: TerminalDimensions = { columns: 80, rows: 24 };

/** Shows one run: its steps, the program's output, what the user types, and how it ended. */
export class RunTerminal implements Pseudoterminal {
  readonly #run: Run;
  readonly #isFree: boolean;
  readonly #log: Logger;
  readonly #written = new EventEmitter<string>();
  readonly onDidWrite = this.#written.event;
  readonly #writer = new TerminalWriter();
  readonly #input = new LineInput();
  readonly #encoder = new TextEncoder();
  readonly #finished = new Deferred<RunState>();
  /** Resolves when the last line is shown. */
  readonly finished = this.#finished.promise;
  #sink: OutputSink | undefined;

  /** `isFree` is true on the local backend, where the cost is what Modal would charge. */
  constructor(run: Run, isFree: boolean, log: Logger) {
    this.#run = run;
    this.#isFree = isFree;
    this.#log = log;
  }

  open(size: TerminalDimensions = UNSEEN): void {
    this.#writer.onDidWrite((text) => this.#written.fire(text));
    const text = () => new OutputText({ hasTerminal: false });
    const texts = { stdout: text(), stderr: text() };
    const sink: OutputSink = {
      size,
      status: (line) => void this.#writer.write(dim(line)),
      write: (bytes, stream) => this.#writer.writeAll(texts[stream].decode(bytes)),
    };
    this.#sink = sink;
    this.#attempt(this.#show(sink));
  }

  /** Does not end the run: that depends on who closed the terminal. */
  close(): void {
    this.#writer.close();
    if (this.#sink) this.#run.detach(this.#sink);
  }

  handleInput(data: string): void {
    const keys = this.#writer.takeAnswers(data);
    if (keys === "" || isFinished(this.#run.state)) return;

    const { echo, actions } = this.#input.type(keys);
    void this.#writer.write(echo);
    for (const action of actions) {
      if (action.kind === "line") this.#attempt(this.#run.write(this.#encoder.encode(action.text)));
      else if (action.kind === "end") this.#attempt(this.#run.endInput());
      else this.#attempt(this.#run.interrupt());
    }
  }

  async #show(sink: OutputSink): Promise<void> {
    await this.#writer.write(commandStart(this.#run.target.label));
    await this.#run.attach(sink);
    const state = await this.#run.finished;
    await this.#writer.write(commandEnd(shownExitCode(state)));
    await this.#writer.write(lastLine(state, this.#isFree, this.#log));
    this.#finished.resolve(state);
  }

  #attempt(act: Promise<void>): void {
    act.catch((error: unknown) => {
      if (!isAbort(error)) this.#log.warn(`Run ${this.#run.id}: ${messageOf(error)}`);
    });
  }
}

/** Without one, the terminal's decoration is neither green nor red. */
const shownExitCode = (state: RunState): number | undefined =>
  state.kind === "ended" && state.stoppedBy === undefined ? state.exitCode : undefined;

const outcomeLines: Partial<Record<RunOutcome, string>> = {
  interrupted: "Interrupted",
  terminated: "You terminated the sandbox",
};

function lastLine(state: RunState, isFree: boolean, log: Logger): string {
  switch (state.kind) {
    case "ended": {
      const cost = formatEstimate(state.dollars);
      const outcome = outcomeOf(state);
      const facts = [
        outcomeLines[outcome] ?? `exit code ${state.exitCode}`,
        formatDuration(state.endedAt - state.startedAt),
        isFree ? `free, ${cost} on Modal` : cost,
      ].join(" · ");
      if (outcome === "done") return green(`✓ ${facts}`);
      return outcome === "failed" ? red(`✗ ${facts}`) : dim(facts);
    }
    case "failed":
      if (!(state.error instanceof UserError))
        log.error(state.error instanceof Error ? state.error : messageOf(state.error));
      return red(`✗ ${messageOf(state.error)}`);
    case "canceled":
      return dim("Canceled.");
    default:
      return "";
  }
}
