const BLOCK = 512;
/** An extended header holds a path and a few numbers; a path is at most 4 KiB. */
const MAX_EXTENDED_BYTES = 256 * 1024;

class Damage extends Error {}

/**
 * Stands before tar-stream, which gives up the whole archive at an extended header of some size and can be sent into an
 * endless loop by a negative one. Leaves such a header out, with the entry that it belongs to, and refuses sizes that
 * are no sizes.
 */
export class TarGuard {
  readonly #onOversized: (bytes: number) => void;
  readonly #header = Buffer.alloc(BLOCK);
  #headerLength = 0;
  /** Of the entry under way, padding included. */
  #left = 0;
  #isDropping = false;
  /** The next entry lost the header that says its name. */
  #isNextLost = false;
  #extended: ExtendedHeader | undefined;
  #paxSize: number | undefined;
  #damage: string | undefined;

  constructor(onOversized: (bytes: number) => void) {
    this.#onOversized = onOversized;
  }

  /**
   * The parts of `chunk` that may pass, in order. A header passes when it is complete. Nothing passes once there is
   * `damage`.
   */
  filter(chunk: Uint8Array): Uint8Array[] {
    const passed: Uint8Array[] = [];
    try {
      this.#pass(chunk, passed);
    } catch (error) {
      if (!(error instanceof Damage)) throw error;
      this.#damage = error.message;
    }
    return joined(passed);
  }

  /** Why no next entry can be found. */
  get damage(): string | undefined {
    return this.#damage;
  }

  #pass(chunk: Uint8Array, passed: Uint8Array[]): void {
    if (this.#damage !== undefined) return;
    for (let at = 0; at < chunk.length;) {
      if (this.#left > 0) {
        const part = chunk.subarray(at, at + this.#left);
        at += part.length;
        if (!this.#isDropping) passed.push(part);
        this.#advance(part);
      } else {
        const part = chunk.subarray(at, at + BLOCK - this.#headerLength);
        at += part.length;
        this.#header.set(part, this.#headerLength);
        this.#headerLength += part.length;
        if (this.#headerLength < BLOCK) break;
        this.#headerLength = 0;
        this.#enter();
        if (!this.#isDropping) passed.push(part.length === BLOCK ? part : Uint8Array.from(this.#header));
      }
    }
  }

  #advance(part: Uint8Array): void {
    this.#extended?.take(part);
    this.#left -= part.length;
    if (this.#left === 0) this.#leave();
  }

  #enter(): void {
    this.#isDropping = false;
    if (isEmpty(this.#header)) return;
    const type = String.fromCharCode(this.#header[156] ?? 0);
    const own = readSize(this.#header);
    if (EXTENDED.has(type)) this.#enterExtended(type, own);
    else this.#enterEntry(type, this.#paxSize ?? own);
    if (this.#left === 0) this.#leave();
  }

  #enterExtended(type: string, size: number): void {
    this.#left = padded(size);
    // One for all entries says nothing that is of use here.
    if (type === "g") this.#isDropping = true;
    else if (size > MAX_EXTENDED_BYTES) {
      this.#isDropping = true;
      this.#isNextLost = true;
      this.#onOversized(size);
    } else if (type === "x") this.#extended = new ExtendedHeader(size);
  }

  #enterEntry(type: string, size: number): void {
    this.#paxSize = undefined;
    this.#isDropping = this.#isNextLost;
    this.#isNextLost = false;
    // As tar-stream has it: folders have no content, whatever their header says.
    this.#left = type === "5" ? 0 : padded(size);
  }

  #leave(): void {
    if (this.#extended) this.#paxSize = this.#extended.size;
    this.#extended = undefined;
  }
}

/** Headers about the next entry: pax for one and for all, GNU's long link and long name, and their old spelling. */
const EXTENDED: ReadonlySet<string> = new Set(["x", "g", "K", "L", "N"]);

class ExtendedHeader {
  readonly #content: Buffer;
  #length = 0;

  constructor(size: number) {
    this.#content = Buffer.alloc(size);
  }

  take(part: Uint8Array): void {
    const wanted = part.subarray(0, this.#content.length - this.#length);
    this.#content.set(wanted, this.#length);
    this.#length += wanted.length;
  }

  /** The size that it gives the next entry, if it does. */
  get size(): number | undefined {
    let size: number | undefined;
    for (let at = 0; at < this.#content.length;) {
      const space = this.#content.indexOf(" ", at);
      const length = space < 0 ? 0 : Number.parseInt(this.#content.toString("latin1", at, space), 10);
      if (length < 0) throw new Damage("An extended header of the archive cannot be read.");
      if (!(length > 0)) break;
      const record = this.#content.toString("latin1", space + 1, at + length - 1);
      if (record.startsWith("size="))
        size = record === "size=" ? undefined : checked(Number.parseInt(record.slice(5), 10));
      at += length;
    }
    return size;
  }
}

function readSize(header: Buffer): number {
  const first = header[124] ?? 0;
  if ((first & 0x80) === 0) {
    const text = header
      .toString("latin1", 124, 136)
      .replace(/^ +/, "")
      .replace(/[ \0].*$/s, "");
    return checked(text === "" ? 0 : Number.parseInt(text, 8));
  }
  if (first !== 0x80) throw new Damage("An entry of the archive has a negative size.");
  return checked(header.subarray(125, 136).reduce((sum, byte) => sum * 256 + byte, 0));
}

function checked(size: number): number {
  if (Number.isSafeInteger(size) && size >= 0) return size;
  throw new Damage("An entry of the archive has a size that is no size.");
}

const padded = (size: number): number => Math.ceil(size / BLOCK) * BLOCK;

/** As tar-stream judges it: all zeros but for the checksum. */
const isEmpty = (header: Buffer): boolean => header.every((byte, at) => byte === 0 || (at >= 148 && at < 156));

/** Neighbours in the same memory become one, so that a chunk without anything to leave out stays one. */
function joined(parts: readonly Uint8Array[]): Uint8Array[] {
  const result: Uint8Array[] = [];
  for (const part of parts) {
    const last = result.at(-1);
    if (last?.buffer === part.buffer && last.byteOffset + last.length === part.byteOffset)
      result[result.length - 1] = new Uint8Array(last.buffer, last.byteOffset, last.length + part.length);
    else result.push(part);
  }
  return result;
}
