import type { LogOutputChannel } from "vscode";
import type { Disposable } from "../../base/disposable";
import type { ReportError } from "../errorReporter";
import { sandboxCommands, type SandboxDependencies } from "../sandboxes/sandboxes";
import { sectionCommands } from "../sandboxes/sections";
import { shellCommands, type ShellDependencies } from "../sandboxes/shell";
import { tunnelCommands, type TunnelDependencies } from "../sandboxes/tunnels";
import { syncCommands, type SyncDependencies } from "../sync/sync";
import { generalCommands } from "./general";
import type { LaterDependencies } from "./later";
import { loadedOnUse } from "./loadedOnUse";
import { registerCommands } from "./register";

export type CommandDependencies = SandboxDependencies &
  ShellDependencies &
  SyncDependencies &
  TunnelDependencies &
  LaterDependencies & {
    readonly extensionId: string;
    readonly sections: Parameters<typeof sectionCommands>[0];
    readonly log: LogOutputChannel;
    /** The ids of all commands in package.json. */
    readonly commandIds: readonly string[];
    /** Waits for the session. */
    readonly ready: () => Promise<void>;
    readonly report: ReportError;
  };

/** Registers every command of package.json. The code of most is loaded when one of them is first used. */
export function registerAllCommands(dependencies: CommandDependencies): Disposable {
  const { sections, extensionId, log, commandIds, ready, report } = dependencies;
  const eager = [
    syncCommands(dependencies),
    tunnelCommands(dependencies),
    shellCommands(dependencies),
    sandboxCommands(dependencies),
    sectionCommands(sections),
    generalCommands(extensionId, log),
  ];
  const known = new Set(eager.flatMap((table) => Object.keys(table)));
  const later = commandIds.filter((id) => !known.has(id));
  const loadLater = async () => (await import("./later")).laterCommands(dependencies);
  return registerCommands([...eager, loadedOnUse(later, loadLater)], ready, report);
}
