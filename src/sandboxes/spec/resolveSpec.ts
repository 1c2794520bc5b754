import { UserError } from "../../base/errors";
import type { SandboxSpec } from "../../modal/spec";
import { buildFileReader, type ReadFile } from "./buildFiles";
import { imageRecipe } from "./imageRecipe";
import type { SpecDefinition } from "./specDefinition";

/** The spec of a definition, with what the files of the folder say at this moment. No file outside it is read. */
export async function resolveSpec(definition: SpecDefinition, folder: string | undefined): Promise<SandboxSpec> {
  const { image, packages, aptPackages, ...rest } = definition;
  const read: ReadFile = folder === undefined ? (path) => Promise.reject(needsFolder(path)) : buildFileReader(folder);
  return { ...rest, image: await imageRecipe({ image, packages, aptPackages }, read) };
}

const needsFolder = (path: string) =>
  new UserError(
    `The image is made from ${path} of the folder, and no folder is open. Open it, or choose another image.`,
    {
      actions: [{ title: "Open Folder…", command: "vscode.openFolder" }],
    },
  );
