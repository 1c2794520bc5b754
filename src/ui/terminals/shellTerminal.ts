import { EventEmitter, type Pseudoterminal, type TerminalDimensions } from "vscode";
import { abortError } from "../../base/async";
import { isAbort, messageOf } from "../../base/errors";
import type { Logger } from "../../base/ports";
import type { Shell } from "../../run/shell";
import { OutputText } from "./outputText";
import { dim, red } from "./styles";
import { TerminalWriter } from "./terminalWriter";

/** A size that comes while the window is dragged is soon replaced. */
const RESIZE_QUIET_MS = 100;

/** Shows an interactive shell in a sandbox. Forwards, no logic. */
export class ShellTerminal implements Pseudoterminal {
  readonly #open: (size: TerminalDimensions, signal: AbortSignal) => Promise<Shell>;
  readonly #log: Logger;
  readonly #written = new EventEmitter<string>();
  readonly onDidWrite = this.#written.event;
  readonly #closed = new EventEmitter<number | undefined>();
  readonly onDidClose = this.#closed.event;
  readonly #writer = new TerminalWriter();
  readonly #encoder = new TextEncoder();
  readonly #abort = new AbortController();
  #shell: Shell | undefined;
  #resizing: ReturnType<typeof setTimeout> | undefined;

  constructor(open: (size: TerminalDimensions, signal: AbortSignal) => Promise<Shell>, log: Logger) {
    this.#open = open;
    this.#log = log;
  }

  open(size: TerminalDimensions = { columns: 80, rows: 24 }): void {
    this.#writer.onDidWrite((text) => {
      this.#written.fire(text);
    });
    void this.#converse(size);
  }

  close(): void {
    this.#abort.abort(abortError());
    this.#writer.close();
    clearTimeout(this.#resizing);
    this.#attempt(this.#shell?.stop());
  }

  handleInput(data: string): void {
    const keys = this.#writer.takeAnswers(data);
    if (keys !== "") this.#attempt(this.#shell?.write(this.#encoder.encode(keys)));
  }

  setDimensions(size: TerminalDimensions): void {
    clearTimeout(this.#resizing);
    this.#resizing = setTimeout(() => {
      this.#attempt(this.#shell?.resize(size));
    }, RESIZE_QUIET_MS);
  }

  async #converse(size: TerminalDimensions): Promise<void> {
    try {
      await this.#writer.write(dim("Connecting to the sandbox"));
      const shell = await this.#open(size, this.#abort.signal);
      this.#shell = shell;
      const [exitCode] = await Promise.all([shell.exitCode, this.#show(shell.output)]);
      this.#closed.fire(exitCode);
    } catch (error) {
      if (isAbort(error)) return;
      await this.#writer.write(red(`✗ ${messageOf(error)}`));
    }
  }

  async #show(output: AsyncIterable<Uint8Array>): Promise<void> {
    const text = new OutputText();
    for await (const bytes of output) await this.#writer.writeAll(text.decode(bytes));
  }

  #attempt(act: Promise<void> | undefined): void {
    act?.catch((error: unknown) => {
      if (!isAbort(error)) this.#log.warn(`Shell: ${messageOf(error)}`);
    });
  }
}
