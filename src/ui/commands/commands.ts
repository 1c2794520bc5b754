import { sandboxCommands, type SandboxDependencies } from "../sandboxes/sandboxes";
import { sectionCommands } from "../sandboxes/sections";
import { shellCommands, type ShellDependencies } from "../sandboxes/shell";
import { tunnelCommands, type TunnelDependencies } from "../sandboxes/tunnels";
import { syncCommands, type SyncDependencies } from "../sync/sync";
import type { LaterDependencies } from "./later";
import { loadedOnUse } from "./loadedOnUse";
import type { CommandTable } from "./register";

export type CommandDependencies = SandboxDependencies &
  ShellDependencies &
  SyncDependencies &
  TunnelDependencies &
  LaterDependencies & {
    readonly sections: Parameters<typeof sectionCommands>[0];
    /** The ids of all commands in package.json. */
    readonly commandIds: readonly string[];
  };

/** The commands of package.json that use the services. The code of most is loaded when one of them is first used. */
export function windowCommands(dependencies: CommandDependencies): CommandTable {
  const { sections, commandIds } = dependencies;
  const eager = [
    syncCommands(dependencies),
    tunnelCommands(dependencies),
    shellCommands(dependencies),
    sandboxCommands(dependencies),
    sectionCommands(sections),
  ];
  const known = new Set(eager.flatMap((table) => Object.keys(table)));
  const later = commandIds.filter((id) => !known.has(id));
  const loadLater = async () => (await import("./later")).laterCommands(dependencies);
  return Object.assign({}, ...eager, loadedOnUse(later, loadLater)) as CommandTable;
}
