import { gzipSync } from "node:zlib";

import { BLOCK_BYTES } from "./blocks";

const SAMPLE_BYTES = 64 * 1024;

/** What shrinks by less than a tenth costs more time than it saves. */
const WORTH = 0.9;

/** Compresses blocks, each so that it can stand alone; those that do not shrink pass as they are. Blocks (see `scan`). */
export class Gzip {
  #elapsedMs = 0;

  /** What it has taken so far. */
  get elapsedMs(): number {
    return this.#elapsedMs;
  }

  compress(block: Uint8Array): Uint8Array {
    const startedAt = performance.now();
    const sample = block.subarray(0, SAMPLE_BYTES);
    const level = gzipSync(sample, { level: 1 }).length < sample.length * WORTH ? 1 : 0;
    const compressed = gzipSync(block, { level, chunkSize: BLOCK_BYTES + SAMPLE_BYTES });
    this.#elapsedMs += performance.now() - startedAt;
    return compressed;
  }
}
