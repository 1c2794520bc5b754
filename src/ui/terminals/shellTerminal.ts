import { EventEmitter, type Pseudoterminal, type TerminalDimensions } from "vscode";
import { isAbort, messageOf } from "../../base/errors";
import type { Logger } from "../../base/ports";
import { remoteInput } from "../../run/output/localPaths";
import type { Shell } from "../../run/program/shell";
import { allFolders } from "../pickers/folders";
import { withoutPrivateAnswers } from "./harmlessOutput";
import { OutputText } from "./outputText";
import { dim, red } from "./styles";
import { TerminalWriter } from "./terminalWriter";

/** Sizes that come while the user drags a window's edge are soon replaced. */
const RESIZE_QUIET_MS = 100;

/** Shows an interactive shell in a sandbox. It only forwards input, output and sizes. */
export class ShellTerminal implements Pseudoterminal {
  readonly #shell: Shell;
  readonly #log: Logger;
  readonly #written = new EventEmitter<string>();
  readonly onDidWrite = this.#written.event;
  readonly #closed = new EventEmitter<number | undefined>();
  readonly onDidClose = this.#closed.event;
  readonly #writer = new TerminalWriter();
  readonly #text = new OutputText({ hasTerminal: true });
  readonly #encoder = new TextEncoder();
  #bytesToRepeat: number;
  #resizing: ReturnType<typeof setTimeout> | undefined;

  constructor(shell: Shell, log: Logger) {
    this.#shell = shell;
    this.#log = log;
    this.#bytesToRepeat = shell.writtenBytes ?? 0;
  }

  open(size: TerminalDimensions = { columns: 80, rows: 24 }): void {
    this.#writer.onDidWrite((text) => this.#written.fire(text));
    void this.#run(size);
    if (this.#shell.writtenBytes !== undefined) this.#attempt(this.#shell.resize(size));
  }

  /** Does not end the shell: that depends on who closed the terminal. */
  close(): void {
    this.#writer.close();
    clearTimeout(this.#resizing);
  }

  hangUp(): void {
    this.#attempt(this.#shell.hangUp());
  }

  handleInput(data: string): void {
    const keys = withoutPrivateAnswers(this.#writer.takeAnswers(data));
    // Repeated output may contain questions to the terminal that were answered long ago.
    if (keys === "" || this.#bytesToRepeat > 0) return;
    this.#attempt(this.#shell.write(this.#encoder.encode(remoteInput(keys, allFolders()))));
  }

  setDimensions(size: TerminalDimensions): void {
    clearTimeout(this.#resizing);
    this.#resizing = setTimeout(() => this.#attempt(this.#shell.resize(size)), RESIZE_QUIET_MS);
  }

  async #run(size: TerminalDimensions): Promise<void> {
    const tell = (line: string) => void this.#writer.write(dim(line));
    try {
      tell("Connecting to the sandbox");
      const exitCode = await this.#shell.run({ size, tell, show: (bytes) => this.#show(bytes) });
      this.#closed.fire(exitCode);
    } catch (error) {
      if (isAbort(error)) return;
      await this.#writer.write(red(`✗ ${messageOf(error)}`));
    }
  }

  async #show(bytes: Uint8Array): Promise<void> {
    await this.#writer.writeAll(this.#text.decode(bytes));
    if (this.#bytesToRepeat === 0) return;
    const left = Math.max(0, this.#bytesToRepeat - bytes.length);
    if (left === 0) await this.#writer.shown();
    this.#bytesToRepeat = left;
  }

  #attempt(act: Promise<void>): void {
    act.catch((error: unknown) => {
      if (!isAbort(error)) this.#log.warn(`Shell: ${messageOf(error)}`);
    });
  }
}
