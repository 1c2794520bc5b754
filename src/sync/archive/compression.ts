export type CompressionSetting = "auto" | "on" | "off";

/** How a stream fared that arrived. */
export interface StreamFacts {
  /** Of the archive. */
  readonly bytes: number;
  /** What of that went over the line, to all its targets. */
  readonly wireBytes: number;
  /** What compressing took; 0 where nothing was compressed. */
  readonly compressMs: number;
  readonly elapsedMs: number;
}

/** Below that a push is over before it matters. */
const MIN_BYTES = 64 * 1024;

/** A shorter stream tells more of its round trips than of the line. */
const MIN_TELLING_BYTES = 1024 * 1024;

/** Of gzip's fastest level, for source text, on one core; until this machine has shown its own. */
const USUAL_BYTES_PER_SECOND = 100_000_000;

/** The share of a stream's time from which on the compressor, not the line, was what it waited for. */
const BUSY = 0.8;

/** Decides whether archives go through gzip, by what those before have shown of the line and of this machine. */
export class Compression {
  readonly #setting: () => CompressionSetting;
  /** Sandboxes whose image has no gzip. */
  readonly #without = new Set<string>();
  #lineBytesPerSecond: number | undefined;
  #gzipBytesPerSecond = USUAL_BYTES_PER_SECOND;

  constructor(setting: () => CompressionSetting) {
    this.#setting = setting;
  }

  paysFor(sandboxId: string, bytes: number): boolean {
    const setting = this.#setting();
    if (setting === "off" || bytes < MIN_BYTES || this.#without.has(sandboxId)) return false;
    return setting === "on" || (this.#lineBytesPerSecond ?? 0) < this.#gzipBytesPerSecond;
  }

  lacksGzip(sandboxId: string): void {
    this.#without.add(sandboxId);
  }

  learn({ bytes, wireBytes, compressMs, elapsedMs }: StreamFacts): void {
    if (wireBytes < MIN_TELLING_BYTES) return;
    if (compressMs > 0) this.#gzipBytesPerSecond = (bytes / compressMs) * 1000;
    // A line that took all that the compressor made may be any faster: the next stream goes without and tells.
    const isLineTold = compressMs < elapsedMs * BUSY;
    this.#lineBytesPerSecond = isLineTold ? (wireBytes / elapsedMs) * 1000 : Number.POSITIVE_INFINITY;
  }
}
