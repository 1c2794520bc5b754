import { randomUUID } from "node:crypto";
import { open, unlink, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "../../base/errors";
import { notFound, resourceExhausted } from "../protocol/errors";
import { Bell } from "../base/bell";

// An output up to this size never touches the disk. For a larger one, this much stays in memory for readers that keep
// up.
const MEMORY_BYTES = 256 * 1024;
// The writer waits while more bytes than this are waiting for the disk.
const UNWRITTEN_BYTES = 4 * 1024 * 1024;
const READ_BYTES = 256 * 1024;

interface Chunk {
  readonly start: number;
  readonly data: Buffer;
}

/**
 * An output that is written once and can be read from any offset, any number of times, while it grows and afterward.
 */
export class Spool {
  readonly #folder: string;
  readonly #changed = new Bell();
  #chunks: Chunk[] = [];
  #size = 0;
  #written = 0;
  #file: FileHandle | undefined;
  #flushing: Promise<void> | undefined;
  #failure: Error | undefined;
  #hasEnded = false;

  /** `folder` receives the output when it is too large for memory. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Resolves when the spool is ready for more data. */
  async append(data: Buffer): Promise<void> {
    if (this.#failure || data.length === 0) return;
    this.#chunks.push({ start: this.#size, data });
    this.#size += data.length;
    this.#changed.ring();

    if (this.#size <= MEMORY_BYTES) return;
    this.#flushing ??= this.#flush();
    if (this.#size - this.#written > UNWRITTEN_BYTES) await this.#flushing;
  }

  end(): void {
    this.#hasEnded = true;
    this.#changed.ring();
  }

  /** Discards the output. Current readers get an error. */
  dispose(): void {
    this.#failure = notFound("This output is no longer available.");
    this.#chunks = [];
    this.#changed.ring();
    const file = this.#file;
    this.#file = undefined;
    void file?.close().catch(() => undefined);
  }

  /** The output from `offset` to its end. */
  async *read(offset: number, signal: AbortSignal): AsyncGenerator<Buffer, void> {
    let position = offset;
    for (;;) {
      if (this.#failure) throw this.#failure;
      if (position < this.#windowStart) {
        const data = await this.#readFile(position, Math.min(READ_BYTES, this.#windowStart - position));
        position += data.length;
        yield data;
      } else if (position < this.#size) {
        const data = this.#readWindow(position);
        position += data.length;
        yield data;
      } else if (this.#hasEnded) {
        return;
      } else {
        await this.#changed.next(signal);
      }
    }
  }

  async #readFile(position: number, length: number): Promise<Buffer> {
    if (!this.#file) throw new Error("The start of an output is neither in memory nor in its file.");
    const { bytesRead, buffer } = await this.#file.read(Buffer.allocUnsafe(length), 0, length, position);
    return buffer.subarray(0, bytesRead);
  }

  get #windowStart(): number {
    return this.#chunks[0]?.start ?? this.#size;
  }

  /** The bytes in memory from `position`, at most `READ_BYTES`. */
  #readWindow(position: number): Buffer {
    const first = this.#indexOf(position);
    const parts: Buffer[] = [];
    let length = 0;
    for (let i = first; i < this.#chunks.length && length < READ_BYTES; i++) {
      const chunk = this.#chunks[i];
      if (!chunk) break;
      const part = chunk.data.subarray(Math.max(0, position - chunk.start));
      parts.push(part);
      length += part.length;
    }
    const [only] = parts;
    return parts.length === 1 && only ? only : Buffer.concat(parts, length);
  }

  /** The index of the chunk that holds `position`. */
  #indexOf(position: number): number {
    let low = 0;
    let high = this.#chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#chunks[middle]?.start ?? Infinity) <= position) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  async #flush(): Promise<void> {
    try {
      this.#file ??= await this.#createFile();
      while (this.#written < this.#size) {
        const { bytesWritten } = await this.#file.writev(this.#unwritten());
        this.#written += bytesWritten;
        this.#trim();
      }
    } catch (error) {
      this.#failure = resourceExhausted(`The output could not be saved: ${messageOf(error)}`);
      this.#chunks = [];
      this.#changed.ring();
    } finally {
      this.#flushing = undefined;
    }
  }

  /** Creates a file without a name, which disappears with this process however it ends. */
  async #createFile(): Promise<FileHandle> {
    const path = join(this.#folder, `output-${randomUUID()}`);
    const file = await open(path, "wx+", 0o600);
    await unlink(path);
    return file;
  }

  #unwritten(): Buffer[] {
    return this.#chunks
      .slice(this.#indexOf(this.#written))
      .map(({ start, data }) => data.subarray(Math.max(0, this.#written - start)));
  }

  #trim(): void {
    const keepFrom = Math.min(this.#written, this.#size - MEMORY_BYTES);
    this.#chunks.splice(0, this.#indexOf(keepFrom));
  }
}
