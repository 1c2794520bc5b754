import type { Unpacker } from "../archive/unpack";

/** Asks once more for files that changed while the sandbox read them, and gives up those that change again. */
export class Recheck {
  /** The files that were given up. */
  readonly changing: string[] = [];
  #isSecond = false;

  /**
   * Drops the files that came while they changed.
   * @param changed paths as the sender names them, each with a NUL behind it
   * @returns the paths to ask for once more
   */
  drop(unpacker: Unpacker | undefined, changed: string): readonly string[] {
    const paths = new Set(changed.split("\0").map((path) => path.replace(/^\.\//, "")));
    const held = [...paths].filter((path) => unpacker?.isHeld(path));
    for (const path of held) unpacker?.drop(path);
    if (!this.#isSecond) {
      this.#isSecond = true;
      return held;
    }
    this.changing.push(...held);
    return [];
  }
}

/** The names as the sender reads them. */
export const namesOf = (paths: Iterable<string>): Uint8Array<ArrayBuffer> =>
  new Uint8Array(Buffer.from([...paths].map((path) => `./${path}\0`).join("")));
