import { ConfigurationTarget, workspace } from "vscode";

/** The choice is the user's, not a folder's: it is written where the setting is already, else to the user settings. */
export async function updateSetting(key: string, value: unknown): Promise<void> {
  const configuration = workspace.getConfiguration("modalSandboxes");
  const isInWorkspace = configuration.inspect(key)?.workspaceValue !== undefined;
  await configuration.update(key, value, isInWorkspace ? ConfigurationTarget.Workspace : ConfigurationTarget.Global);
}
