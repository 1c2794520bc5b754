const BLOCK = 512;

/** An entry without its content. */
export interface TarEntry {
  /** Uses `/`; a folder's name has no trailing slash. */
  readonly name: string;
  readonly type: "file" | "directory" | "symlink";
  readonly mode: number;
  /** Whole seconds since the epoch. */
  readonly mtime: number;
  /** The size of the content that follows, in bytes. */
  readonly size: number;
  /** The target of a link. */
  readonly target?: string;
}

/**
 * Writes an archive that every current tar reads: ustar headers, preceded by a pax extended header if a name or time
 * does not fit. tar-stream makes a stream per entry, which made it the slowest part of a push: 420 ms of CPU time for
 * 10,000 files (77 MB), compared with 130 ms here (November 2026).
 */
export class TarWriter {
  readonly #write: (bytes: Uint8Array) => void;
  readonly #header = Buffer.alloc(BLOCK);
  #left = 0;
  #padding = 0;

  /** @param write must not keep the bytes after it returns */
  constructor(write: (bytes: Uint8Array) => void) {
    this.#write = write;
  }

  begin(entry: TarEntry): void {
    if (this.#left > 0) throw new Error(`The entry before ${entry.name} lacks ${this.#left} bytes.`);
    const records = extendedRecords(entry);
    if (records !== "") {
      const content = Buffer.from(records);
      this.#begin("x", { ...entry, name: "PaxHeader", target: "", size: content.length });
      this.append(content);
    }
    this.#begin(TYPES[entry.type], entry);
  }

  /** Writes the next bytes of the current entry's content, which must total `size` bytes. */
  append(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#left -= bytes.length;
    if (this.#left < 0) throw new Error("An entry's content is longer than its header says.");
    this.#write(bytes);
    if (this.#left === 0 && this.#padding > 0) this.#write(ZEROS.subarray(0, this.#padding));
  }

  finish(): void {
    this.#write(ZEROS);
  }

  #begin(type: string, { name, mode, mtime, size, target = "" }: TarEntry): void {
    const header = this.#header.fill(0);
    const { prefix, rest } = splitName(type === "5" ? `${name}/` : name);
    header.write(rest, 0, NAME_BYTES);
    writeOctal(header, mode, 100, 8);
    writeOctal(header, 0, 108, 8);
    writeOctal(header, 0, 116, 8);
    if (size <= MAX_OCTAL) writeOctal(header, size, 124, 12);
    else writeBinary(header, size, 124, 12);
    writeOctal(header, mtime >= 0 && mtime <= MAX_OCTAL ? mtime : 0, 136, 12);
    header.write(type, 156);
    header.write(target, 157, NAME_BYTES);
    header.write("ustar\x0000", 257);
    header.write(prefix, 345, PREFIX_BYTES);
    writeChecksum(header);
    this.#write(header);
    this.#left = size;
    this.#padding = -size & (BLOCK - 1);
  }
}

const TYPES: Record<TarEntry["type"], string> = { file: "0", symlink: "2", directory: "5" };

const NAME_BYTES = 100;
const PREFIX_BYTES = 155;
/** Eleven octal digits. */
const MAX_OCTAL = 8 ** 11 - 1;
/** Two empty blocks end an archive. */
const ZEROS = Buffer.alloc(2 * BLOCK);

function extendedRecords({ name, type, mtime, target = "" }: TarEntry): string {
  let records = "";
  const path = type === "directory" ? `${name}/` : name;
  if (path.length > NAME_BYTES / 3 && !fits(path)) records += record("path", path);
  if (target.length > NAME_BYTES / 3 && Buffer.byteLength(target) > NAME_BYTES) records += record("linkpath", target);
  return mtime >= 0 && mtime <= MAX_OCTAL ? records : records + record("mtime", String(mtime));
}

/** A pax record begins with its own length. */
function record(key: string, value: string): string {
  const text = ` ${key}=${value}\n`;
  const bytes = Buffer.byteLength(text);
  const digits = String(bytes).length;
  const length = bytes + digits;
  return `${String(length).length === digits ? length : length + 1}${text}`;
}

function fits(path: string): boolean {
  const { prefix, rest } = splitName(path);
  return Buffer.byteLength(rest) <= NAME_BYTES && Buffer.byteLength(prefix) <= PREFIX_BYTES;
}

/** Splits at a slash if both parts are then short enough. */
function splitName(path: string): { readonly prefix: string; readonly rest: string } {
  if (path.length <= NAME_BYTES / 3 || Buffer.byteLength(path) <= NAME_BYTES) return { prefix: "", rest: path };
  const slash = path.indexOf("/", path.length - NAME_BYTES - 1);
  return slash <= 0 || slash === path.length - 1
    ? { prefix: "", rest: path }
    : { prefix: path.slice(0, slash), rest: path.slice(slash + 1) };
}

/** NUL-terminated: every tar reader accepts that. */
function writeOctal(header: Buffer, value: number, at: number, length: number): void {
  let left = value;
  for (let place = at + length - 2; place >= at; place -= 1) {
    header[place] = DIGIT_0 + (left % 8);
    left = Math.floor(left / 8);
  }
}

const DIGIT_0 = 0x30;

/** GNU's binary format: a marker byte followed by a big-endian number. */
function writeBinary(header: Buffer, value: number, at: number, length: number): void {
  header[at] = 0x80;
  header.writeUIntBE(value, at + length - 6, 6);
}

/** The checksum counts its own field as spaces. */
function writeChecksum(header: Buffer): void {
  let sum = 8 * 0x20;
  for (const byte of header) sum += byte;
  writeOctal(header, sum, 148, 7);
  header[155] = 0x20;
}
