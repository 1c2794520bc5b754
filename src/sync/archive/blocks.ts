/** Large enough that a call per block costs little, small enough to keep eight blocks in memory. */
export const BLOCK_BYTES = 1024 * 1024;

/**
 * A small young generation makes the worker collect garbage often, which also frees the blocks that only dead objects
 * hold.
 */
export const WORKER_LIMITS = { maxYoungGenerationSizeMb: 4 } as const;

/** Gathers chunks of any size into blocks of `BLOCK_BYTES`, each with its own buffer. */
export class Blocks {
  readonly #emit: (block: Uint8Array<ArrayBuffer>) => void;
  readonly #spare: ArrayBuffer[] = [];
  #block = new Uint8Array(BLOCK_BYTES);
  #length = 0;

  constructor(emit: (block: Uint8Array<ArrayBuffer>) => void) {
    this.#emit = emit;
  }

  append(chunk: Uint8Array): void {
    for (let taken = 0; taken < chunk.length;) {
      const part = chunk.subarray(taken, taken + BLOCK_BYTES - this.#length);
      this.#block.set(part, this.#length);
      this.#length += part.length;
      taken += part.length;
      if (this.#length === BLOCK_BYTES) this.flush();
    }
  }

  flush(): void {
    if (this.#length === 0) return;
    const block = this.#block.subarray(0, this.#length);
    this.#block = new Uint8Array(this.#spare.pop() ?? new ArrayBuffer(BLOCK_BYTES));
    this.#length = 0;
    this.#emit(block);
  }

  /** Reuses the memory of an emitted block: touching fresh memory costs as much as copying into it. */
  recycle(buffer: ArrayBuffer): void {
    this.#spare.push(buffer);
  }
}
