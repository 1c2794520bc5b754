export type CompressionSetting = "auto" | "on" | "off";

/** Measurements of a stream that arrived. */
export interface StreamFacts {
  /** The size of the archive. */
  readonly bytes: number;
  /** The bytes sent over the network, to all targets together. */
  readonly wireBytes: number;
  /** The time spent compressing; 0 if the stream was not compressed. */
  readonly compressMs: number;
  readonly elapsedMs: number;
}

/** A smaller push finishes before compression could matter. */
const MIN_BYTES = 64 * 1024;

/** A shorter stream measures round trips rather than bandwidth. */
const MIN_MEASURED_BYTES = 1024 * 1024;

/** The speed of gzip's fastest level on source text with one core. It is used until this machine has been measured. */
const USUAL_BYTES_PER_SECOND = 100_000_000;

/** If compressing took at least this share of a stream's time, the compressor was the bottleneck, not the network. */
const BUSY = 0.8;

/** Decides whether to compress archives, based on the network and CPU speed that earlier streams measured. */
export class Compression {
  readonly #setting: () => CompressionSetting;
  /** Sandboxes whose image has no gzip. */
  readonly #without = new Set<string>();
  #networkBytesPerSecond: number | undefined;
  #gzipBytesPerSecond = USUAL_BYTES_PER_SECOND;

  constructor(setting: () => CompressionSetting) {
    this.#setting = setting;
  }

  paysFor(sandboxId: string, bytes: number): boolean {
    const setting = this.#setting();
    if (setting === "off" || bytes < MIN_BYTES || this.#without.has(sandboxId)) return false;
    return setting === "on" || (this.#networkBytesPerSecond ?? 0) < this.#gzipBytesPerSecond;
  }

  lacksGzip(sandboxId: string): void {
    this.#without.add(sandboxId);
  }

  learn({ bytes, wireBytes, compressMs, elapsedMs }: StreamFacts): void {
    if (wireBytes < MIN_MEASURED_BYTES) return;
    if (compressMs > 0) this.#gzipBytesPerSecond = (bytes / compressMs) * 1000;
    // If the compressor was the bottleneck, the network may be any speed: the next stream is uncompressed and measures
    // it.
    const isNetworkMeasured = compressMs < elapsedMs * BUSY;
    this.#networkBytesPerSecond = isNetworkMeasured ? (wireBytes / elapsedMs) * 1000 : Number.POSITIVE_INFINITY;
  }
}
