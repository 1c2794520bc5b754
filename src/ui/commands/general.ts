import { commands, type LogOutputChannel } from "vscode";
import type { CommandTable } from "./register";

export function generalCommands(extensionId: string, log: LogOutputChannel): CommandTable {
  return {
    "modalSandboxes.showLog": () => log.show(),

    "modalSandboxes.openSettings": () =>
      commands.executeCommand("workbench.action.openSettings", `@ext:${extensionId}`),
  };
}
