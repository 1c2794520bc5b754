import { createReadStream, existsSync } from "node:fs";
import { mkdir, open, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import type { RunOutput } from "./runOutput";

/** How much of a run's output is kept on this machine. The sandbox keeps all of it while it runs. */
const MAX_BYTES = 64 * 1024 * 1024;

/** Output waits while more than this is still to be written to disk. */
const UNWRITTEN_BYTES = 8 * 1024 * 1024;

const NOTE = Buffer.from("\n[The rest of the output was not kept.]\n");

/**
 * Keeps a run's output in a local file. Both streams are written in order of arrival, without splitting a character of
 * one by the other.
 */
export class RunLog {
  readonly path: string;
  /** The first bytes of a character that is incomplete so far. */
  readonly #begun: Record<RunOutput["stream"], Uint8Array> = { stdout: NOTHING, stderr: NOTHING };
  #file: FileHandle | undefined;
  #unwritten: Uint8Array[] = [];
  #unwrittenBytes = 0;
  #sizeBytes = 0;
  #writing: Promise<void> | undefined;
  #failure: unknown;
  #isThere: boolean;

  /** `isPast`: the file exists. Otherwise a file left by an earlier window is overwritten. */
  constructor(path: string, isPast = false) {
    this.path = path;
    this.#isThere = isPast;
  }

  /** The reason why output is no longer kept. The run itself must not fail because of a full disk. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Resolves when more output can be accepted. */
  async append({ bytes, stream }: RunOutput): Promise<void> {
    if (this.#failure !== undefined || this.#sizeBytes >= MAX_BYTES) return;
    const whole = bytes.length - begunBytes(bytes);
    this.#add(this.#begun[stream], bytes.subarray(0, whole));
    this.#begun[stream] = bytes.subarray(whole);
    if (this.#sizeBytes >= MAX_BYTES) this.#add(NOTE);
    this.#writing ??= this.#write();
    if (this.#unwrittenBytes > UNWRITTEN_BYTES) await this.#writing;
  }

  /** Resolves when all output so far is in the file. */
  async flushed(): Promise<void> {
    await this.#writing;
  }

  /** Reads all output from the start. */
  async *read(): AsyncGenerator<Uint8Array> {
    await this.flushed();
    if (!this.#isThere || !existsSync(this.path)) return;
    for await (const chunk of createReadStream(this.path)) if (chunk instanceof Uint8Array) yield chunk;
  }

  /** Finishes the file after the last output. */
  async end(): Promise<void> {
    this.#add(this.#begun.stdout, this.#begun.stderr);
    this.#writing ??= this.#write();
    await this.#writing;
    await this.#file?.close();
    this.#file = undefined;
  }

  #add(...parts: Uint8Array[]): void {
    for (const part of parts.filter(({ length }) => length > 0)) {
      this.#unwritten.push(part);
      this.#unwrittenBytes += part.length;
      this.#sizeBytes += part.length;
    }
  }

  async #write(): Promise<void> {
    try {
      this.#file ??= await create(this.path);
      this.#isThere = true;
      while (this.#unwritten.length > 0) {
        const parts = this.#unwritten.splice(0);
        await writeAll(this.#file, parts);
        this.#unwrittenBytes -= parts.reduce((sum, { length }) => sum + length, 0);
      }
    } catch (error) {
      this.#failure = error;
    } finally {
      this.#writing = undefined;
    }
  }
}

const NOTHING = new Uint8Array(0);

async function create(path: string): Promise<FileHandle> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  return open(path, "w", 0o600);
}

/** A single write may be partial. */
async function writeAll(file: FileHandle, parts: readonly Uint8Array[]): Promise<void> {
  if (parts.length === 0) return;
  const { bytesWritten } = await file.writev(parts);
  let done = bytesWritten;
  const rest = parts.flatMap((part) => {
    const left = part.subarray(Math.min(done, part.length));
    done -= part.length - left.length;
    return left.length > 0 ? [left] : [];
  });
  await writeAll(file, rest);
}

/** Returns the number of bytes at the end that begin an incomplete UTF-8 character. */
function begunBytes(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes.at(-back) ?? 0;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0;
  }
  return 0;
}
