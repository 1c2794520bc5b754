import { TerminalProfile, window } from "vscode";
import type { Shell } from "../../run/program/shell";
import type { ShellService } from "../../run/program/shellService";
import { remotePath } from "../settings";
import type { ShellTerminals } from "../terminals/shellTerminals";
import type { SandboxNode } from "../views/nodes";
import type { SandboxPicker } from "./pickSandbox";
import type { CommandTable } from "../commands/register";

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

/** Opens a shell in the sandbox that the user picks. */
export async function shellProfile(dependencies: ShellDependencies): Promise<TerminalProfile | undefined> {
  const shell = await pickShell(dependencies);
  return shell && new TerminalProfile(dependencies.shellTerminals.options(shell));
}

async function pickShell({ shells, picker }: ShellDependencies, node?: SandboxNode): Promise<Shell | undefined> {
  const sandbox = await picker.pick("Open a shell in which sandbox?", node);
  return sandbox && shells.open(sandbox, remotePath());
}
