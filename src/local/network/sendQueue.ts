/** Bytes in order, from the first unacknowledged one to the last one to be sent. */
export class SendQueue {
  #chunks: Buffer[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(data: Buffer): void {
    this.#chunks.push(data);
    this.#length += data.length;
  }

  /** At most `length` bytes from `offset`. They are copied only if they span several chunks. */
  slice(offset: number, length: number): Buffer {
    const parts: Buffer[] = [];
    let skipped = 0;
    let missing = length;
    for (const chunk of this.#chunks) {
      const start = Math.max(0, offset - skipped);
      skipped += chunk.length;
      if (start >= chunk.length) continue;
      const part = chunk.subarray(start, start + missing);
      parts.push(part);
      missing -= part.length;
      if (missing === 0) break;
    }
    const [only] = parts;
    return parts.length === 1 && only ? only : Buffer.concat(parts);
  }

  drop(length: number): void {
    this.#length -= length;
    let left = length;
    for (let first = this.#chunks[0]; first && left > 0; first = this.#chunks[0]) {
      if (first.length > left) this.#chunks[0] = first.subarray(left);
      else this.#chunks.shift();
      left -= Math.min(left, first.length);
    }
  }
}
