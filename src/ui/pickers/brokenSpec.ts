import { commands, ThemeIcon, type QuickPickItem } from "vscode";
import type { UserError } from "../../base/errors";

/** Stands in a list for a named spec that makes no sense, and says why. */
export interface BrokenSpec extends QuickPickItem {
  readonly problem: UserError;
}

export const brokenSpec = (name: string, problem: UserError): BrokenSpec => ({
  iconPath: new ThemeIcon("warning"),
  label: name,
  description: "open the settings to mend it",
  detail: problem.message,
  problem,
});

export const isBroken = (item: object): item is BrokenSpec => "problem" in item;

/** Leads to where it is written. */
export async function mend({ problem }: BrokenSpec): Promise<void> {
  const [action] = problem.actions;
  if (action) await commands.executeCommand(action.command, ...(action.arguments ?? []));
}
