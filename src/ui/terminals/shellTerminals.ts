import { TerminalExitReason, ThemeIcon, window, type ExtensionTerminalOptions } from "vscode";
import { DisposableStore, type Disposable } from "../../base/disposable";
import type { Logger } from "../../base/ports";
import { formatGpu } from "../../modal/gpus";
import type { Shell } from "../../run/program/shell";
import type { ShellService } from "../../run/program/shellService";
import { inert } from "../outsideText";
import { ShellTerminal } from "./shellTerminal";

/** The terminals of shells, including those of an earlier window. */
export class ShellTerminals implements Disposable {
  readonly #log: Logger;
  readonly #own = new DisposableStore();

  constructor(shells: Pick<ShellService, "onDidResumeShell">, log: Logger) {
    this.#log = log;
    this.#own.add(shells.onDidResumeShell((shell) => window.createTerminal(this.options(shell)).show(true)));
    this.#own.add(
      // A user who closes the terminal hangs up. If the window closes, the next one takes over the shell.
      window.onDidCloseTerminal(({ creationOptions, exitStatus }) => {
        if (!("pty" in creationOptions) || !(creationOptions.pty instanceof ShellTerminal)) return;
        if (exitStatus?.reason === TerminalExitReason.User) creationOptions.pty.hangUp();
      }),
    );
  }

  /** Returns the options with which VS Code creates the terminal. */
  options(shell: Shell): ExtensionTerminalOptions {
    return {
      name: inert(`Shell · ${formatGpu(shell.gpu)}`),
      iconPath: new ThemeIcon("terminal"),
      isTransient: true,
      pty: new ShellTerminal(shell, this.#log),
    };
  }

  dispose(): void {
    this.#own.dispose();
  }
}
