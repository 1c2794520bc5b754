import { createHash } from "node:crypto";
import { newId } from "./ids";

export interface LocalImage {
  readonly env: Readonly<Record<string, string>>;
  readonly workdir: string | undefined;
}

/** An image that was built, or why it was not. */
export type ImageBuild =
  | { readonly id: string; readonly kind: "built"; readonly image: LocalImage }
  | { readonly id: string; readonly kind: "failed"; readonly reason: string };

/** Images by id and by what they were made from: the same recipe gives the same image. */
export class ImageStore {
  readonly #images = new Map<string, LocalImage>();
  readonly #idsByRecipe = new Map<string, string>();

  get(id: string): LocalImage | undefined {
    return this.#images.get(id);
  }

  delete(id: string): boolean {
    return this.#images.delete(id);
  }

  build(commands: readonly string[], baseImageId: string | undefined): ImageBuild {
    const recipe = createHash("sha256")
      .update(JSON.stringify([baseImageId, commands]))
      .digest("hex");
    const known = this.#idsByRecipe.get(recipe);
    const cached = known === undefined ? undefined : this.#images.get(known);
    if (known !== undefined && cached) return { id: known, kind: "built", image: cached };

    const id = newId("im");
    const base = baseImageId === undefined ? undefined : this.#images.get(baseImageId);
    const image = readCommands(commands, base);
    if (typeof image === "string") return { id, kind: "failed", reason: image };
    this.#images.set(id, image);
    this.#idsByRecipe.set(recipe, id);
    return { id, kind: "built", image };
  }
}

/** The image that the commands make, or a sentence on what stands against it. */
function readCommands(commands: readonly string[], base: LocalImage | undefined): LocalImage | string {
  let image: LocalImage = base ?? { env: {}, workdir: undefined };
  for (const command of commands.flatMap(linesOf)) {
    const [, instruction = "", argument = ""] = /^\s*(\S+)\s*(.*?)\s*$/.exec(command) ?? [];
    switch (instruction.toUpperCase()) {
      case "":
      case "CMD":
      case "ENTRYPOINT":
      case "EXPOSE":
      case "LABEL":
      case "USER":
        break;
      case "FROM": {
        const fault = base ? undefined : referenceFault(argument);
        if (fault !== undefined) return fault;
        break;
      }
      case "ENV":
        image = { ...image, env: { ...image.env, ...readEnv(argument) } };
        break;
      case "WORKDIR":
        image = { ...image, workdir: argument.startsWith("/") ? argument : `${image.workdir ?? ""}/${argument}` };
        break;
      default:
        return `The local backend does not run ${instruction.toUpperCase()}: its images are this machine's own tools.`;
    }
  }
  return image;
}

/** A command's lines, continued ones joined, comments left out. */
const linesOf = (command: string): string[] =>
  command
    .replaceAll(/\\\n/g, " ")
    .split("\n")
    .filter((line) => !line.trimStart().startsWith("#"));

const REFERENCE =
  /^(?:[\w.-]+(?::\d+)?\/)?[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*(?::[\w][\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$/;

/**
 * No registry is asked, so every well-formed reference exists here, save one whose name says that it does not
 * (`does-not-exist`, `nonexistent`), which fails as an unknown image does at Modal.
 */
function referenceFault(reference: string): string | undefined {
  if (!REFERENCE.test(reference)) return `invalid reference format: "${reference}" does not name an image.`;
  if (/does-not-exist|nonexistent/.test(reference))
    return `Image "${reference}" was not found: the repository or the tag does not exist.`;
  return undefined;
}

/** `A=1 B="two words"`, or the older `A the rest`. */
function readEnv(argument: string): Record<string, string> {
  const [, oldName, oldValue] = /^(\w+)\s+([^=]*)$/.exec(argument) ?? [];
  if (oldName !== undefined && oldValue !== undefined) return { [oldName]: oldValue };
  const pairs = argument.matchAll(/(\w+)=(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|(\S*))/g);
  return Object.fromEntries(
    [...pairs].map(([, name = "", double, single, bare]) => [
      name,
      double?.replaceAll(/\\(.)/g, "$1") ?? single ?? bare ?? "",
    ]),
  );
}
