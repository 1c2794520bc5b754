import { commands, ThemeIcon, type QuickPickItem } from "vscode";
import type { UserError } from "../../base/errors";

/** A row for an invalid named spec, which says why it is invalid. */
export interface BrokenSpec extends QuickPickItem {
  readonly problem: UserError;
}

export const brokenSpec = (name: string, problem: UserError): BrokenSpec => ({
  iconPath: new ThemeIcon("warning"),
  label: name,
  description: "open the settings to fix it",
  detail: problem.message,
  problem,
});

export const isBroken = (item: object): item is BrokenSpec => "problem" in item;

/** Opens the settings that define the spec. */
export async function openSettingsOf({ problem }: BrokenSpec): Promise<void> {
  const [action] = problem.actions;
  if (action) await commands.executeCommand(action.command, ...(action.arguments ?? []));
}
