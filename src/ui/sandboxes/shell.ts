import { TerminalProfile, window } from "vscode";
import type { Disposable } from "../../base/disposable";
import type { Shell } from "../../run/program/shell";
import type { ShellService } from "../../run/program/shellService";
import { remotePath } from "../settings";
import type { ShellTerminals } from "../terminals/shellTerminals";
import type { SandboxNode } from "../views/nodes";
import type { SandboxPicker } from "./pickSandbox";
import type { CommandTable } from "../commands/register";
import type { ReportError } from "../errorReporter";

export interface ShellDependencies {
  readonly shells: ShellService;
  readonly shellTerminals: ShellTerminals;
  readonly picker: SandboxPicker;
}

export function shellCommands(dependencies: ShellDependencies): CommandTable {
  return {
    "modalSandboxes.openShell": async (node?: SandboxNode) => {
      const shell = await pickShell(dependencies, node);
      if (shell) window.createTerminal(dependencies.shellTerminals.options(shell)).show();
    },
  };
}

/** Opens a shell from the "Modal Sandbox Shell" entry of the terminal menu. */
export const registerShellProfile = (
  dependencies: ShellDependencies,
  ready: () => Promise<unknown>,
  report: ReportError,
): Disposable =>
  window.registerTerminalProfileProvider("modalSandboxes.shell", {
    provideTerminalProfile: async () => {
      try {
        await ready();
        const shell = await pickShell(dependencies);
        return shell && new TerminalProfile(dependencies.shellTerminals.options(shell));
      } catch (error) {
        // VS Code would show the message without its buttons.
        report(error);
        return undefined;
      }
    },
  });

async function pickShell({ shells, picker }: ShellDependencies, node?: SandboxNode): Promise<Shell | undefined> {
  const sandbox = await picker.pick("Open a shell in which sandbox?", node);
  return sandbox && shells.open(sandbox, remotePath());
}
