import { lstatSync, type Stats } from "node:fs";

/**
 * Looks up paths in a folder during one operation. It makes no system call for anything in a missing folder, so files
 * that do not exist here yet cost no call each. Synchronous (see `scan`).
 */
export class LocalFolder {
  readonly #root: string;
  /** Known paths, with true for those that exist. */
  readonly #folders = new Map<string, boolean>([["", true]]);

  constructor(root: string) {
    this.#root = root;
  }

  /**
   * @param path relative, with `/`
   * @returns `undefined` also for an entry that cannot be inspected, such as one whose name is too long here
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
