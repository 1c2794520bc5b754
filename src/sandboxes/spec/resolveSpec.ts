import { UserError } from "../../base/errors";
import type { SandboxSpec } from "../../modal/spec";
import { buildFileReader, type ReadFile } from "./buildFiles";
import { imageRecipe } from "./imageRecipe";
import type { SpecDefinition } from "./specDefinition";

/**
 * Returns the spec of a definition with the current contents of the folder's files. No file outside the folder is read.
 */
export async function resolveSpec(definition: SpecDefinition, folder: string | undefined): Promise<SandboxSpec> {
  const { image, packages, aptPackages, ...rest } = definition;
  const read: ReadFile = folder === undefined ? (path) => Promise.reject(needsFolder(path)) : buildFileReader(folder);
  return { ...rest, image: await imageRecipe({ image, packages, aptPackages }, read) };
}

const needsFolder = (path: string) =>
  new UserError(
    `The image is made from ${path} in the folder, but no folder is open. Open the folder or choose another image.`,
    {
      actions: [{ title: "Open Folder…", command: "vscode.openFolder" }],
    },
  );
