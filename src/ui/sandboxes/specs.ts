import { ConfigurationTarget, workspace } from "vscode";
import type { SpecDefinition } from "../../sandboxes/spec/specDefinition";
import { writeDefinition } from "../../sandboxes/spec/writtenSpec";
import { askForText } from "../outsideText";
import { settingsDefinition, writtenSpecs } from "../settings";

/**
 * Saves a definition in the settings, under a name that the user types. It goes to the folder's settings, because it
 * names files in the folder.
 */
export async function saveAsNamedSpec(definition: SpecDefinition): Promise<void> {
  const specs = writtenSpecs();
  const name = await askForText({
    title: "Save as Named Spec",
    prompt: "The name of the spec. An existing spec with this name is replaced.",
    placeHolder: "train",
    ignoreFocusOut: true,
    validateInput: (value) => (value.trim() === "" ? "Enter a name such as train" : undefined),
  });
  if (name === undefined) return;
  await writeSpecs({ ...specs, [name.trim()]: writeDefinition(definition, settingsDefinition(undefined)) });
}

/** Writes the named specs to the settings that already have some, or else to the folder's settings. */
export async function writeSpecs(specs: Readonly<Record<string, unknown>>): Promise<void> {
  const configuration = workspace.getConfiguration("modalSandboxes");
  const { workspaceValue, globalValue } = configuration.inspect("specs") ?? {};
  const isUsers = (workspaceValue === undefined && globalValue !== undefined) || !workspace.workspaceFolders;
  await configuration.update("specs", specs, isUsers ? ConfigurationTarget.Global : ConfigurationTarget.Workspace);
}
