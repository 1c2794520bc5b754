import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isObject, isWords } from "../../base/guards";
import { JsonFile } from "../base/jsonFile";

export interface LocalImage {
  readonly id: string;
  readonly env: Readonly<Record<string, string>>;
  readonly workdir: string | undefined;
  /** The ids of the layers above the machine's own files, lowest first. */
  readonly layers: readonly string[];
  /** The lines that a sandbox of this image prints first. */
  readonly notices: readonly string[];
  /** Seconds since the epoch. */
  readonly expiresAt: number | undefined;
}

/**
 * Images by id, by recipe and by published name. Everything is on disk, for later runs of the backend. Each entry is a
 * file of its own that is replaced as a whole.
 */
export class ImageStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    for (const name of [IMAGES, RECIPES, TAGS]) mkdirSync(join(folder, name), { recursive: true, mode: 0o700 });
  }

  get(id: string): LocalImage | undefined {
    const image = this.#image(id).read();
    return image && !hasExpired(image) ? image : undefined;
  }

  add(image: LocalImage): void {
    this.#image(image.id).write(image);
  }

  delete(id: string): boolean {
    const existed = this.get(id) !== undefined;
    rmSync(this.#path(IMAGES, id), { force: true });
    return existed;
  }

  byRecipe(recipe: string): LocalImage | undefined {
    return this.#reference(RECIPES, recipe);
  }

  setRecipe(recipe: string, imageId: string): void {
    this.#refer(RECIPES, recipe, imageId);
  }

  byTag(environment: string, tag: string): LocalImage | undefined {
    return this.#reference(TAGS, JSON.stringify([environment, tag]));
  }

  publish(environment: string, tag: string, imageId: string): void {
    this.#refer(TAGS, JSON.stringify([environment, tag]), imageId);
  }

  /** Removes expired images and dangling references. Returns the ids of all layers that are still in use. */
  sweep(): ReadonlySet<string> {
    const used = new Set<string>();
    for (const id of this.#names(IMAGES)) {
      const image = this.get(id);
      if (!image) rmSync(this.#path(IMAGES, id), { force: true });
      for (const layer of image?.layers ?? []) used.add(layer);
    }
    for (const folder of [RECIPES, TAGS])
      for (const name of this.#names(folder))
        if (!this.#reference(folder, name)) rmSync(this.#path(folder, name), { force: true });
    return used;
  }

  #names(folder: string): string[] {
    return readdirSync(join(this.#folder, folder)).map((name) => decodeURIComponent(name.replace(/\.json$/, "")));
  }

  #path(folder: string, name: string): string {
    return join(this.#folder, folder, `${encodeURIComponent(name)}.json`);
  }

  #image(id: string): JsonFile<LocalImage | undefined> {
    return new JsonFile(this.#path(IMAGES, id), readImage);
  }

  #reference(folder: string, name: string): LocalImage | undefined {
    const id = new JsonFile(this.#path(folder, name), readId).read();
    return id === undefined ? undefined : this.get(id);
  }

  #refer(folder: string, name: string, imageId: string): void {
    new JsonFile(this.#path(folder, name), readId).write(imageId);
  }
}

const IMAGES = "images";
const RECIPES = "recipes";
const TAGS = "tags";

const hasExpired = ({ expiresAt }: LocalImage): boolean => expiresAt !== undefined && expiresAt <= Date.now() / 1000;

const readId = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

function readImage(value: unknown): LocalImage | undefined {
  if (!isObject(value)) return undefined;
  const { id, env, layers, notices, workdir, expiresAt } = value;
  if (typeof id !== "string" || !isWords(layers) || !isWords(notices)) return undefined;
  if (!isObject(env) || !isWords(Object.values(env))) return undefined;
  return {
    id,
    env: Object.fromEntries(Object.entries(env).map(([name, text]) => [name, String(text)])),
    layers,
    notices,
    workdir: typeof workdir === "string" ? workdir : undefined,
    expiresAt: typeof expiresAt === "number" ? expiresAt : undefined,
  };
}
