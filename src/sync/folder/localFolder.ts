import { lstatSync, type Stats } from "node:fs";

/**
 * Looks up paths in a folder while one answer is worked out. It asks the system about nothing in a folder that is
 * missing, so files that are not here yet cost no call each. Blocks (see `scan`).
 */
export class LocalFolder {
  readonly #root: string;
  /** True for each name that something has. */
  readonly #folders = new Map<string, boolean>([["", true]]);

  constructor(root: string) {
    this.#root = root;
  }

  /**
   * @param path relative, with `/`
   * @returns `undefined` also for what cannot be looked at, such as a name that is too long here
   */
  stats(path: string): Stats | undefined {
    if (!this.#isHere(path.slice(0, Math.max(0, path.lastIndexOf("/"))))) return undefined;
    try {
      return lstatSync(`${this.#root}/${path}`, { throwIfNoEntry: false });
    } catch {
      return undefined;
    }
  }

  #isHere(folder: string): boolean {
    const known = this.#folders.get(folder);
    if (known !== undefined) return known;
    const isHere = this.stats(folder) !== undefined;
    this.#folders.set(folder, isHere);
    return isHere;
  }
}
