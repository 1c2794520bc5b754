import { ThemeIcon } from "vscode";
import type { ImageGateway } from "../../modal/images";
import { resolveSpec } from "../../sandboxes/spec/resolveSpec";
import { pickOne, showInformation } from "../outsideText";
import { labelOf, askImage } from "../pickers/imageStep";
import { withProgress } from "../progress";
import { namedDefinition, settingsDefinition, writtenSpecs } from "../settings";
import type { BuildTerminals } from "../terminals/buildTerminals";
import { pickFolder } from "../pickers/folders";
import type { CommandTable } from "../commands/register";

export interface ImageDependencies {
  readonly images: ImageGateway;
  readonly builds: BuildTerminals;
}

const TITLE = "Prebuild Image";

export function imageCommands({ images, builds }: ImageDependencies): CommandTable {
  return {
    "modalSandboxes.prebuildImage": async () => {
      const folder = await pickFolder();
      const definition = folder && (await askDefinition(folder.path));
      if (!definition) return;
      const { image } = await resolveSpec(definition, folder.path);
      await withProgress(`Building ${image.label}`, (_report, signal) => images.build(image, signal));
      void showInformation(`The image ${image.label} is ready. New sandboxes start from it without another build.`);
    },

    "modalSandboxes.showBuildLog": (id?: string) => {
      builds.show(id);
    },
  };
}

/** Asks for the image of a named spec, if there are any, or else for an image. */
async function askDefinition(folder: string) {
  const names = Object.keys(writtenSpecs());
  const settings = settingsDefinition(undefined);
  if (names.length > 0) {
    const items = names.map((name) => ({ label: name, description: labelOf(namedDefinition(name).image), name }));
    const other = { iconPath: new ThemeIcon("package"), label: "Another image…", description: "", name: undefined };
    const picked = await pickOne([...items, other], {
      title: TITLE,
      placeHolder: "The image of which spec?",
    });
    if (!picked) return undefined;
    if (picked.name !== undefined) return namedDefinition(picked.name);
  }
  const answer = await askImage({ title: TITLE, hasBack: false }, settings.image, folder);
  return answer?.kind === "answered" ? { ...settings, image: answer.value } : undefined;
}
