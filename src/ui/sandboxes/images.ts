import { ThemeIcon, type QuickPickItem } from "vscode";
import type { ImageGateway } from "../../modal/images";
import type { SpecDefinition } from "../../sandboxes/spec/specDefinition";
import { resolveSpec } from "../../sandboxes/spec/resolveSpec";
import { pickOne, showInformation } from "../outsideText";
import { isBroken, openSettingsOf, type BrokenSpec } from "../pickers/brokenSpec";
import { labelOf, askImage } from "../pickers/imageStep";
import { specRows } from "../pickers/specRows";
import { withProgress } from "../progress";
import { settingsDefinition } from "../settings";
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

    "modalSandboxes.showBuildLog": (id?: string) => builds.show(id),
  };
}

interface SpecRow extends QuickPickItem {
  readonly definition?: SpecDefinition;
}

export const specImageRows = (): (SpecRow | BrokenSpec)[] =>
  specRows((name, definition) => ({ label: name, description: labelOf(definition.image), definition }));

/** Asks for the image of a named spec, if there are any, or else for an image. */
async function askDefinition(folder: string) {
  const specs = specImageRows();
  const settings = settingsDefinition(undefined);
  if (specs.length > 0) {
    const other = { iconPath: new ThemeIcon("package"), label: "Another image…" };
    const picked = await pickOne<SpecRow | BrokenSpec>([...specs, other], {
      title: TITLE,
      placeHolder: "The image of which spec?",
    });
    if (!picked) return undefined;
    if (isBroken(picked)) {
      await openSettingsOf(picked);
      return undefined;
    }
    if (picked.definition) return picked.definition;
  }
  const answer = await askImage({ title: TITLE, hasBack: false }, settings.image, folder);
  return answer?.kind === "answered" ? { ...settings, image: answer.value } : undefined;
}
