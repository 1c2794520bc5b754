import { readdir } from "node:fs/promises";
import { QuickPickItemKind, ThemeIcon, type QuickPickItem } from "vscode";
import type { ImageSource } from "../../sandboxes/spec/specDefinition";
import { imageFile, readImage } from "../../sandboxes/spec/specReaders";
import { askPick, askText, type Answer, type StepPlace } from "./steps";

interface ImageLine extends QuickPickItem {
  /** `undefined` for the row that asks for another image. */
  readonly image?: ImageSource;
}

/** Common images, offered in addition to the one in the settings. */
const KNOWN: readonly { readonly reference: string; readonly about: string }[] = [
  { reference: "python:3.12-slim", about: "small, with Python" },
  { reference: "pytorch/pytorch:latest", about: "PyTorch with CUDA" },
  { reference: "nvidia/cuda:12.8.1-devel-ubuntu24.04", about: "CUDA with its compiler" },
];

const ABOUT: Record<Exclude<ImageSource["kind"], "registry">, string> = {
  dockerfile: "built from the folder's Dockerfile",
  requirements: "its packages are installed once and kept",
  pyproject: "its dependencies, from uv.lock if there is one",
};

/** Asks for an image: from a file in the folder, a common one, or any other in a registry. */
export async function askImage(place: StepPlace, selected: ImageSource, folder: string): Promise<Answer<ImageSource>> {
  for (;;) {
    const picked = await askPick<ImageLine>({
      ...place,
      placeholder: "Which image?",
      items: linesOf(selected, await filesOf(folder)),
      isActive: ({ image }) => image !== undefined && labelOf(image) === labelOf(selected),
    });
    if (picked?.kind !== "answered") return picked;
    if (picked.value.image) return { kind: "answered", value: picked.value.image };

    const typed = await askText({
      ...place,
      hasBack: true,
      prompt: "A registry reference, or a file in the folder such as ./requirements.txt",
      placeholder: "pytorch/pytorch:latest",
      value: labelOf(selected),
      complaint: (text) =>
        readImage(text) ? undefined : "Enter an image such as python:3.12-slim or ./requirements.txt",
    });
    if (!typed) return undefined;
    const image = typed.kind === "answered" ? readImage(typed.value)?.value : undefined;
    if (image) return { kind: "answered", value: image };
  }
}

export const labelOf = (image: ImageSource): string =>
  image.kind === "registry" ? image.reference : `./${image.path}`;

function linesOf(selected: ImageSource, files: readonly ImageSource[]): ImageLine[] {
  const known = KNOWN.map(({ reference, about }) => lineOf({ kind: "registry", reference }, about));
  const isOther = [...files.map(labelOf), ...known.map(({ label }) => label)].every(
    (label) => label !== labelOf(selected),
  );
  return [
    ...(files.length > 0 ? [heading("from the folder")] : []),
    ...files.map((image) => lineOf(image, image.kind === "registry" ? "" : ABOUT[image.kind])),
    heading("from a registry"),
    ...(isOther ? [lineOf(selected, "from the settings")] : []),
    ...known,
    { iconPath: new ThemeIcon("edit"), label: "Another image…", alwaysShow: true },
  ];
}

const lineOf = (image: ImageSource, description: string): ImageLine => ({ label: labelOf(image), description, image });

const heading = (label: string): ImageLine => ({ label, kind: QuickPickItemKind.Separator });

/** Finds the files at the top of the folder that an image can be built from, the most specific ones first. */
async function filesOf(folder: string): Promise<ImageSource[]> {
  const names = await readdir(folder);
  return ["pyproject.toml", "requirements.txt", "Dockerfile"]
    .filter((name) => names.includes(name))
    .flatMap((name) => imageFile(name) ?? []);
}
