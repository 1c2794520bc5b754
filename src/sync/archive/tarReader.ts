const BLOCK = 512;
/** An extended header holds a path and a few numbers; a path is at most 4 KiB. */
const MAX_EXTENDED_BYTES = 256 * 1024;

export interface TarHeader {
  readonly name: string;
  readonly type: "file" | "directory" | "symlink" | "link" | "other";
  readonly mode: number;
  /** Seconds since the epoch. */
  readonly mtime: number;
  /** Of the content that follows, in bytes. */
  readonly size: number;
  /** Of a link; "" where there is none. */
  readonly target: string;
}

export interface TarVisitor {
  begin(header: TarHeader): void;
  /** The next bytes of the content; they are gone when the `end` that follows at once, or this call, returns. */
  content(part: Uint8Array): void;
  end(): void;
  /** An entry was left out, because its extended header is of a size that no path needs. */
  oversized(bytes: number): void;
}

/**
 * Reads what any tar of today writes, in chunks of any size: ustar, GNU's long names and pax, several archives in a
 * row. Trusts no number of it. The entries of tar-stream are streams of their own: unpacking 10,000 files of 77 MB took
 * 800 to 970 ms of CPU time with it against 370 to 630 ms (November 2026).
 */
export class TarReader {
  readonly #visitor: TarVisitor;
  readonly #header = Buffer.alloc(BLOCK);
  #headerLength = 0;
  /** Of the content under way. */
  #left = 0;
  #padding = 0;
  #content: Content = "none";
  #extended = Buffer.alloc(0);
  /** What extended headers say of the next entry. */
  #next: NextEntry = {};
  #damage: string | undefined;

  constructor(visitor: TarVisitor) {
    this.#visitor = visitor;
  }

  /** Nothing is read any more once there is `damage`. */
  read(chunk: Uint8Array): void {
    try {
      for (let at = 0; at < chunk.length && this.#damage === undefined;) at += this.#take(chunk, at);
    } catch (error) {
      if (!(error instanceof Damage)) throw error;
      this.#damage = error.message;
    }
  }

  /** Why no next entry can be found. */
  get damage(): string | undefined {
    return this.#damage;
  }

  /** Otherwise something of the archive is still to come. */
  get isBetweenEntries(): boolean {
    return this.#headerLength + this.#left + this.#padding === 0 && Object.keys(this.#next).length === 0;
  }

  /** @returns how many bytes were taken */
  #take(chunk: Uint8Array, at: number): number {
    if (this.#left > 0) {
      const part = chunk.subarray(at, at + this.#left);
      this.#left -= part.length;
      this.#pass(part);
      if (this.#left === 0) this.#leave();
      return part.length;
    }
    if (this.#padding > 0) {
      const skipped = Math.min(this.#padding, chunk.length - at);
      this.#padding -= skipped;
      return skipped;
    }
    const part = chunk.subarray(at, at + BLOCK - this.#headerLength);
    this.#header.set(part, this.#headerLength);
    this.#headerLength += part.length;
    if (this.#headerLength === BLOCK) {
      this.#headerLength = 0;
      this.#enter();
    }
    return part.length;
  }

  #pass(part: Uint8Array): void {
    if (this.#content === "entry") this.#visitor.content(part);
    else if (this.#content !== "none") this.#extended.set(part, this.#extended.length - this.#left - part.length);
  }

  #enter(): void {
    const header = this.#header;
    const sum = checksumOf(header);
    if (sum === EMPTY_SUM) return;
    if (sum !== readNumber(header, 148, 8) || header.toString("latin1", 257, 262) !== "ustar")
      throw new Damage("An entry's header cannot be read.");
    const letter = String.fromCharCode(header[156] ?? 0);
    const size = checkedSize(readNumber(header, 124, 12));
    const extension = EXTENSIONS[letter];
    if (extension === undefined) this.#enterEntry(letter, size);
    else this.#enterExtended(extension, size);
    this.#padding = -this.#left & (BLOCK - 1);
    if (this.#left === 0) this.#leave();
  }

  #enterExtended(extension: Content, size: number): void {
    this.#left = size;
    this.#content = extension;
    if (extension === "none") return;
    if (size <= MAX_EXTENDED_BYTES) this.#extended = Buffer.alloc(size);
    else {
      this.#content = "none";
      this.#next = { isLost: true };
      this.#visitor.oversized(size);
    }
  }

  #enterEntry(letter: string, ownSize: number): void {
    const header = this.#header;
    const { isLost, path = nameOf(header), target, size = ownSize, mtime } = this.#next;
    this.#next = {};
    const type = letter === "0" && path.endsWith("/") ? "directory" : (TYPES[letter] ?? "other");
    // A folder has no content, whatever its header says.
    this.#left = type === "directory" ? 0 : size;
    this.#content = isLost ? "none" : "entry";
    if (isLost) return;
    this.#visitor.begin({
      name: path,
      type,
      mode: readNumber(header, 100, 8),
      mtime: mtime ?? readNumber(header, 136, 12),
      size: this.#left,
      target: target ?? readText(header, 157, 257),
    });
  }

  #leave(): void {
    const [content, text] = [this.#content, this.#extended];
    if (content === "entry") this.#visitor.end();
    else if (content === "pax") this.#next = { ...this.#next, ...readRecords(text) };
    else if (content !== "none") this.#next = { ...this.#next, [content]: readText(text, 0, text.length) };
    this.#content = "none";
  }
}

/** What the bytes under way are: of an entry, of an extended header, or of what is left out. */
type Content = "entry" | "path" | "target" | "pax" | "none";

interface NextEntry {
  readonly path?: string;
  readonly target?: string;
  readonly size?: number;
  readonly mtime?: number;
  /** The header that says its name was left out. */
  readonly isLost?: boolean;
}

class Damage extends Error {
  override readonly name = "Damage";
}

/** Headers about the next entry; one about all entries says nothing that is of use here. */
const EXTENSIONS: Readonly<Partial<Record<string, Content>>> = {
  x: "pax",
  g: "none",
  L: "path",
  N: "path",
  K: "target",
};

const TYPES: Readonly<Partial<Record<string, TarHeader["type"]>>> = {
  "0": "file",
  "\0": "file",
  "7": "file",
  "1": "link",
  "2": "symlink",
  "5": "directory",
};

/** GNU's own format has something else in the place of ustar's prefix. */
function nameOf(header: Buffer): string {
  const name = readText(header, 0, 100);
  const hasPrefix = header[262] === 0 && header[345] !== 0;
  return hasPrefix ? `${readText(header, 345, 500)}/${name}` : name;
}

function readText(bytes: Buffer, from: number, to: number): string {
  const end = bytes.indexOf(0, from);
  return bytes.toString("utf8", from, end < 0 || end > to ? to : end);
}

function checkedSize(size: number): number {
  if (Number.isSafeInteger(size) && size >= 0) return size;
  throw new Damage("An entry of the archive has a size that is no size.");
}

/** In octal digits, or as GNU has it: bytes of a big number behind a mark. */
function readNumber(header: Buffer, from: number, length: number): number {
  const mark = header[from] ?? 0;
  let value = 0;
  if (mark === 0x80 || mark === 0xff) {
    const flipped = mark === 0x80 ? 0 : 0xff;
    for (let at = from + 1; at < from + length; at += 1) value = value * 256 + ((header[at] ?? 0) ^ flipped);
    return mark === 0x80 ? value : -value - 1;
  }
  let at = from;
  while (header[at] === SPACE && at < from + length) at += 1;
  for (; at < from + length; at += 1) {
    const digit = (header[at] ?? 0) - DIGIT_0;
    if (digit === SPACE - DIGIT_0 || digit === -DIGIT_0) break;
    if (digit < 0 || digit > 7) throw new Damage("A number in an entry's header cannot be read.");
    value = value * 8 + digit;
  }
  return value;
}

const SPACE = 0x20;
const DIGIT_0 = 0x30;

/** Of all bytes, with spaces where it stands itself. */
function checksumOf(header: Buffer): number {
  let sum = EMPTY_SUM;
  for (let at = 0; at < 148; at += 1) sum += header[at] ?? 0;
  for (let at = 156; at < BLOCK; at += 1) sum += header[at] ?? 0;
  return sum;
}

/** That of an empty block, which ends an archive. */
const EMPTY_SUM = 8 * SPACE;

/** Lines that begin with their own length. */
function readRecords(content: Buffer): NextEntry {
  const records = new Map<string, string>();
  for (let at = 0; at < content.length;) {
    const [, digits = ""] = /^(\d+) /.exec(content.toString("latin1", at, at + 8)) ?? [];
    const end = at + Number(digits);
    if (end <= at + digits.length || end > content.length)
      throw new Damage("An extended header of the archive cannot be read.");
    const record = content.toString("utf8", at + digits.length + 1, end - 1);
    const equals = record.indexOf("=");
    records.set(record.slice(0, equals), record.slice(equals + 1));
    at = end;
  }
  const [path, target, size, mtime] = ["path", "linkpath", "size", "mtime"].map((key) => records.get(key));
  return {
    ...(path && { path }),
    ...(target && { target }),
    ...(size && { size: checkedSize(Number(size)) }),
    ...(mtime && Number.isFinite(Number(mtime)) && { mtime: Number(mtime) }),
  };
}
