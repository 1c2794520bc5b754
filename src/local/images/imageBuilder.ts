import { createHash } from "node:crypto";
import { messageOf } from "../../base/errors";
import type { BuilderOptions, BuildRequest } from "./buildRequest";
import { BuildFailure, BuildSteps } from "./buildSteps";
import { readInstructions } from "./dockerfile";
import { newId } from "../base/ids";
import { ImageBuild, type BuildResult } from "./imageBuild";

// Finished builds whose log can still be read. The oldest are dropped.
const BUILDS_KEPT = 200;

/** Builds images. Equal requests share one build. */
export class ImageBuilder {
  readonly #options: BuilderOptions;
  readonly #builds = new Map<string, ImageBuild>();
  readonly #running = new Map<string, ImageBuild>();

  constructor(options: BuilderOptions) {
    this.#options = options;
  }

  get(id: string): ImageBuild | undefined {
    return this.#builds.get(id);
  }

  /** Returns a build: finished if the image exists, in progress if another caller started it, or a new one. */
  start(request: BuildRequest): ImageBuild {
    const recipe = recipeOf(request);
    const known = request.force ? undefined : this.#options.images.byRecipe(recipe);
    if (known) return this.#builds.get(known.id) ?? finished(known.id);
    const running = request.force ? undefined : this.#running.get(recipe);
    if (running) return running;

    const build = new ImageBuild(newId("im"));
    this.#forgetOldest();
    this.#builds.set(build.id, build);
    this.#running.set(recipe, build);
    void this.#build(build, request, recipe).then((result) => {
      if (this.#running.get(recipe) === build) this.#running.delete(recipe);
      build.end(result);
    });
    return build;
  }

  async #build(build: ImageBuild, request: BuildRequest, recipe: string): Promise<BuildResult> {
    const { images } = this.#options;
    const steps = new BuildSteps(build, request, this.#options);
    try {
      const instructions = readInstructions(request.commands);
      for (const instruction of instructions) await steps.perform(instruction);
      const image = await steps.finish();
      if (build.signal.aborted) return { kind: "cancelled" };
      images.add(image);
      images.setRecipe(recipe, image.id);
      return { kind: "built" };
    } catch (error) {
      if (build.signal.aborted) return { kind: "cancelled" };
      const reason = error instanceof BuildFailure ? error.message : `The local backend failed: ${messageOf(error)}`;
      build.log(`${reason}\n`, "stderr");
      return { kind: "failed", reason };
    } finally {
      await steps.dispose();
    }
  }

  #forgetOldest(): void {
    const ended = [...this.#builds.values()].filter(({ result }) => result.value !== undefined);
    for (const { id } of ended.slice(0, Math.max(0, ended.length - BUILDS_KEPT))) this.#builds.delete(id);
  }
}

function finished(id: string): ImageBuild {
  const build = new ImageBuild(id);
  build.end({ kind: "built" });
  return build;
}

/**
 * A key for everything that an image is made from. The base image's id stands for all the layers beneath it, because
 * equal images have equal ids.
 */
const recipeOf = ({ commands, base, secretEnv }: BuildRequest): string =>
  createHash("sha256")
    .update(JSON.stringify([base?.id, commands, Object.entries(secretEnv).sort()]))
    .digest("hex");
