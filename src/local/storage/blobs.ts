import { Readable } from "node:stream";
import { notFound } from "../protocol/errors";
import { newId } from "../base/ids";
import { Spool } from "../streams/spool";

// A blob is fetched right after it was created, in both directions.
const RETENTION_MS = 60 * 60 * 1000;

/** Data too large for a message. Clients upload and download it by an id that cannot be guessed. */
export class BlobStore {
  readonly #folder: string;
  readonly #blobs = new Map<string, Spool>();

  /** `folder` receives large blobs. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  create(): string {
    const id = newId("bl");
    this.#blobs.set(id, new Spool(this.#folder));
    setTimeout(() => this.#forget(id), RETENTION_MS).unref();
    return id;
  }

  /** Stores the content, replacing any earlier content. */
  async write(id: string, content: AsyncIterable<Buffer>): Promise<void> {
    const blob = new Spool(this.#folder);
    this.#get(id).dispose();
    this.#blobs.set(id, blob);
    for await (const data of content) await blob.append(data);
    blob.end();
  }

  read(id: string, signal: AbortSignal): AsyncIterable<Buffer> {
    return this.#get(id).read(0, signal);
  }

  has(id: string): boolean {
    return this.#blobs.has(id);
  }

  async add(data: Buffer): Promise<string> {
    const id = this.create();
    await this.write(id, Readable.from([data]));
    return id;
  }

  /** Returns the whole content and deletes it. */
  async take(id: string, signal: AbortSignal): Promise<Buffer> {
    const parts: Buffer[] = [];
    for await (const part of this.read(id, signal)) parts.push(part);
    this.#forget(id);
    return Buffer.concat(parts);
  }

  #get(id: string): Spool {
    const blob = this.#blobs.get(id);
    if (!blob) throw notFound(`Blob ${id} was not found.`);
    return blob;
  }

  #forget(id: string): void {
    this.#blobs.get(id)?.dispose();
    this.#blobs.delete(id);
  }
}
