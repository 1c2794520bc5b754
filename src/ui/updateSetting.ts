import { ConfigurationTarget, workspace } from "vscode";

/**
 * Changes a setting where it is already set, or else in the user settings, because the choice is not about one folder.
 */
export async function updateSetting(key: string, value: unknown): Promise<void> {
  const configuration = workspace.getConfiguration("modalSandboxes");
  const isInWorkspace = configuration.inspect(key)?.workspaceValue !== undefined;
  await configuration.update(key, value, isInWorkspace ? ConfigurationTarget.Workspace : ConfigurationTarget.Global);
}
