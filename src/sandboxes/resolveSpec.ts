import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { codeOf, UserError } from "../base/errors";
import type { SandboxSpec } from "../modal/spec";
import { imageRecipe } from "./imageRecipe";
import type { SpecDefinition } from "./specDefinition";

/** The spec of a definition, with what the files of the folder say at this moment. */
export async function resolveSpec(definition: SpecDefinition, folder: string | undefined): Promise<SandboxSpec> {
  const { image, packages, aptPackages, ...rest } = definition;
  const read = async (path: string): Promise<string | undefined> => {
    if (folder === undefined) throw needsFolder(path);
    try {
      return await readFile(join(folder, path), "utf8");
    } catch (error) {
      if (codeOf(error) === "ENOENT") return undefined;
      throw error;
    }
  };
  return { ...rest, image: await imageRecipe({ image, packages, aptPackages }, read) };
}

const needsFolder = (path: string) =>
  new UserError(
    `The image is made from ${path} of the folder, and no folder is open. Open it, or choose another image.`,
    {
      actions: [{ title: "Open Folder…", command: "vscode.openFolder" }],
    },
  );
