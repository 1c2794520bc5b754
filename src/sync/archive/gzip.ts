import { gzipSync } from "node:zlib";

import { BLOCK_BYTES } from "./blocks";

const SAMPLE_BYTES = 64 * 1024;

/** Compression that saves less than a tenth costs more time than it saves. */
const WORTH = 0.9;

/** Compresses each block independently. Incompressible blocks are stored. Synchronous (see `scan`). */
export class Gzip {
  #elapsedMs = 0;

  /** The total time spent compressing. */
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
