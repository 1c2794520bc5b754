import { randomUUID } from "node:crypto";
import { mkdirSync, readdirSync } from "node:fs";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { CONTENT } from "../isolation/root/insidePaths";
import { removeFolder } from "../isolation/host/serverFolder";

// The prefix of a layer that is unfinished or failed.
const UNFINISHED = "new-";

/** The folders that images consist of. They never change, and each is complete or absent. */
export class LayerStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  folderOf(id: string): string {
    return join(this.#folder, id);
  }

  /** The folder with the files that a layer shows at the root. */
  contentOf(id: string): string {
    return join(this.folderOf(id), CONTENT);
  }

  /** Creates a layer from the files that `fill` writes to an empty folder, and returns its id. */
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

  /** Removes all other layers, except those added in the meantime. */
  async keepOnly(used: ReadonlySet<string>): Promise<void> {
    const garbage = readdirSync(this.#folder).filter((name) => !used.has(name));
    for (const name of garbage) await removeFolder(join(this.#folder, name));
  }
}
