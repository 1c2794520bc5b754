import { randomUUID } from "node:crypto";
import { mkdirSync, readdirSync } from "node:fs";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { CONTENT } from "../isolation/root/insidePaths";
import { removeFolder } from "../isolation/host/serverFolder";

// What is not finished yet, or never came to be.
const UNFINISHED = "new-";

/** The folders that images are made of. They never change, and each is there as a whole or not at all. */
export class LayerStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  folderOf(id: string): string {
    return join(this.#folder, id);
  }

  /** What a layer shows at the root. */
  contentOf(id: string): string {
    return join(this.folderOf(id), CONTENT);
  }

  /** Makes a layer of what `fill` puts into an empty folder, and gives its id. */
  async add(fill: (folder: string) => Promise<unknown>): Promise<string> {
    const id = randomUUID();
    const folder = join(this.#folder, `${UNFINISHED}${id}`);
    mkdirSync(folder, { mode: 0o700 });
    try {
      await fill(folder);
      await rename(folder, this.folderOf(id));
    } catch (error) {
      await removeFolder(folder).catch(() => undefined);
      throw error;
    }
    return id;
  }

  /** Removes all others. What is added meanwhile stays. */
  async keepOnly(used: ReadonlySet<string>): Promise<void> {
    const garbage = readdirSync(this.#folder).filter((name) => !used.has(name));
    for (const name of garbage) await removeFolder(join(this.#folder, name));
  }
}
