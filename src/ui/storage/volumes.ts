import { commands } from "vscode";
import type { StoredObject } from "../../modal/storageRpc";
import type { VolumeGateway } from "../../modal/volumes";
import { specFields } from "../../sandboxes/spec/specFields";
import { pickOne, showInformation } from "../outsideText";
import { askMount } from "../pickers/reviewLines";
import { withViewProgress } from "../progress";
import { namedDefinition, settingsDefinition, writtenSpecs } from "../settings";
import { updateSetting } from "../updateSetting";
import type { CommandTable } from "../commands/register";
import { writeSpecs } from "../sandboxes/specs";
import { askNewName, deleteStored, pickStored, type StoredKind } from "./storedObjects";

const kindOf = (volumes: VolumeGateway): StoredKind => ({
  noun: "volume",
  title: "Volume",
  viewId: "modalSandboxes.volumes",
  store: volumes,
  prompt: "The name of the volume. Its files outlive sandboxes, and several sandboxes can use it.",
  example: "datasets",
  loss: "all files in it are lost, for everyone who uses it.",
});

export function volumeCommands(volumes: VolumeGateway): CommandTable {
  return {
    "modalSandboxes.createVolume": () => createVolume(volumes),

    "modalSandboxes.deleteVolume": (clicked?: StoredObject, selected?: readonly StoredObject[]) =>
      deleteStored(kindOf(volumes), clicked, selected),

    "modalSandboxes.mountVolume": async (clicked?: StoredObject) => {
      const volume = clicked ?? (await pickStored(kindOf(volumes), "Mount"));
      if (volume) await mountVolume(volume.name);
    },
  };
}

/** Asks for a name and creates the volume. Returns the name, or `undefined` if the user dismissed it. */
export async function createVolume(volumes: VolumeGateway): Promise<string | undefined> {
  const kind = kindOf(volumes);
  const name = await askNewName(kind);
  if (name !== undefined) await withViewProgress(kind.viewId, (signal) => volumes.create(name, signal));
  return name;
}

/** Adds a volume to the settings or to a named spec, because a running sandbox cannot get another volume. */
async function mountVolume(volume: string): Promise<void> {
  const title = `Mount ${volume}`;
  const specs = writtenSpecs();
  const items = [
    { label: "Every new sandbox", description: "from the settings", name: undefined },
    ...Object.keys(specs).map((name) => ({ label: name, description: "named spec", name })),
  ];
  const target = items.length === 1 ? items[0] : await pickOne(items, { title, placeHolder: "In which sandboxes?" });
  if (!target) return;
  const { volumes } = target.name === undefined ? settingsDefinition(undefined) : namedDefinition(target.name);
  const mount = await askMount({ title, hasBack: false }, volume, volumes);
  if (!mount) return;

  const written = specFields.volumes.write([...volumes.filter((other) => other.volume !== volume), mount]);
  if (target.name === undefined) await updateSetting("volumes", written);
  else await writeSpecs({ ...specs, [target.name]: { ...specs[target.name], volumes: written } });
  const create = "Create Sandbox…";
  const answer = await showInformation(
    `${volume} will be mounted at ${mount.path} in ${target.name === undefined ? "every new sandbox" : `new sandboxes of ${target.name}`}.`,
    create,
  );
  if (answer === create) await commands.executeCommand("modalSandboxes.createSandbox");
}
