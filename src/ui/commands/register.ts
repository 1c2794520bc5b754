import { commands, workspace } from "vscode";
import { DisposableStore, type Disposable } from "../../base/disposable";
import { UserError } from "../../base/errors";
import type { ReportError } from "../errorReporter";

/** Commands by id. Each also works without arguments, because the command palette passes none. */
export type CommandTable = Readonly<Record<string, (...args: never[]) => unknown>>;

/** The commands that work in Restricted Mode: they run nothing and use no network. */
const ALLOWED_UNTRUSTED = new Set(["modalSandboxes.showLog", "modalSandboxes.openSettings", "modalSandboxes.signOut"]);

/** Registers all commands. Each waits until the extension is `ready`, and its errors are reported here. */
export function registerCommands(
  tables: readonly CommandTable[],
  ready: () => Promise<unknown>,
  report: ReportError,
): Disposable {
  const own = new DisposableStore();
  for (const table of tables)
    for (const [id, run] of Object.entries(table))
      own.add(
        commands.registerCommand(id, async (...args: never[]) => {
          try {
            await ready();
            if (!workspace.isTrusted && !ALLOWED_UNTRUSTED.has(id)) throw restricted();
            return await run(...args);
          } catch (error) {
            report(error);
            return undefined;
          }
        }),
      );
  return own;
}

const restricted = () =>
  new UserError("This folder is in Restricted Mode. Trust it to run code or connect to Modal.", {
    actions: [{ title: "Manage Workspace Trust", command: "workbench.trust.manage" }],
  });
