import type { Unpacker } from "../archive/unpack";

/** Requests files that changed while the sandbox read them once more, and gives up files that change again. */
export class Recheck {
  /** The files that it gave up. */
  readonly changing: string[] = [];
  #isSecond = false;

  /**
   * Discards files that changed while they were sent.
   * @param changed NUL-terminated paths, as the sender spells them
   * @returns the paths to request once more
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

/** Returns the NUL-terminated names that the sender reads. */
export const namesOf = (paths: Iterable<string>): Uint8Array<ArrayBuffer> =>
  new Uint8Array(Buffer.from([...paths].map((path) => `./${path}\0`).join("")));
