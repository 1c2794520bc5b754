import { TerminalProfile, ThemeIcon, window, type ExtensionTerminalOptions } from "vscode";
import type { Logger } from "../../base/ports";
import type { ExecGateway } from "../../modal/exec";
import { formatGpu } from "../../modal/gpus";
import { openShell } from "../../run/shell";
import type { RunningSandbox } from "../../sandboxes/sandbox";
import { remotePath } from "../settings";
import { ShellTerminal } from "../terminals/shellTerminal";
import type { SandboxNode } from "../views/nodes";
import type { SandboxPicker } from "./pickSandbox";
import type { CommandTable } from "./register";

export interface ShellDependencies {
  readonly exec: ExecGateway;
  readonly picker: SandboxPicker;
  readonly log: Logger;
}

export function shellCommands(dependencies: ShellDependencies): CommandTable {
  return {
    "modalSandboxes.openShell": async (node?: SandboxNode) => {
      const sandbox = await dependencies.picker.pick("Open a shell in which sandbox?", node);
      if (sandbox) window.createTerminal(shellOptions(sandbox, dependencies)).show();
    },
  };
}

/** What the "Modal Sandbox Shell" entry of the terminal menu opens; `undefined` if the user picks no sandbox. */
export async function shellProfile(dependencies: ShellDependencies): Promise<TerminalProfile | undefined> {
  const sandbox = await dependencies.picker.pick("Open a shell in which sandbox?");
  return sandbox && new TerminalProfile(shellOptions(sandbox, dependencies));
}

function shellOptions(sandbox: RunningSandbox, { exec, log }: ShellDependencies): ExtensionTerminalOptions {
  return {
    name: `Shell · ${formatGpu(sandbox.gpu)}`,
    iconPath: new ThemeIcon("terminal"),
    isTransient: true,
    pty: new ShellTerminal((size, signal) => openShell(exec, sandbox.phase.id, remotePath(), size, signal), log),
  };
}
