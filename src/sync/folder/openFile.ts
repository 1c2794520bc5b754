import {
  chmodSync,
  closeSync,
  copyFileSync,
  fchmodSync,
  fstatSync,
  futimesSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeSync,
  type Stats,
} from "node:fs";

/**
 * A file being filled. It is written under a temporary name. If its content arrives in one piece, it is written only
 * once it is known to be needed.
 */
export class OpenFile {
  readonly #size: number | undefined;
  readonly #stage: () => string;
  #whole: Uint8Array | undefined;
  #path: string | undefined;
  #file: number | undefined;
  #isSettled = false;

  constructor(size: number | undefined, stage: () => string) {
    this.#size = size;
    this.#stage = stage;
    if (size === 0) this.#whole = new Uint8Array();
  }

  /** If the bytes are the complete content, the caller must not change them until the file is placed. */
  write(bytes: Uint8Array): void {
    if (bytes.length === this.#size) this.#whole = bytes;
    else this.#append(bytes);
  }

  copy(source: string): void {
    const { path } = this.#create();
    copyFileSync(source, path);
  }

  /** True if the existing file has the same content. */
  holdsSame(there: string, stats: Stats): boolean {
    if (!stats.isFile()) return false;
    try {
      if (this.#whole) return stats.size === this.#size && readFileSync(there).equals(this.#whole);
      const file = this.#create().file;
      return fstatSync(file).size === stats.size && haveSame(file, there, stats.size);
    } catch {
      return false;
    }
  }

  /** Completes the file, and frees its memory and descriptor until it is placed. It stays readable until then. */
  settle(mode: number, mtime: number): void {
    this.#complete(mode | OWNER_READ, mtime);
    this.#whole = undefined;
    this.#isSettled = true;
  }

  /** Completes the file. A settled one has its time already. @returns its path */
  finish(mode: number, mtime: number): string {
    if (this.#path === undefined || !this.#isSettled) return this.#complete(mode, mtime);
    this.#close();
    if ((mode & OWNER_READ) === 0) chmodSync(this.#path, mode);
    return this.#path;
  }

  /** Forgets the file, which was moved to its place. */
  release(): void {
    this.#path = undefined;
  }

  discard(): void {
    this.#close();
    if (this.#path !== undefined) rmSync(this.#path, { force: true });
    this.#path = undefined;
  }

  #complete(mode: number, mtime: number): string {
    if (this.#whole) this.#append(this.#whole);
    const { path, file } = this.#create();
    fchmodSync(file, mode);
    futimesSync(file, mtime, mtime);
    this.#close();
    return path;
  }

  #append(bytes: Uint8Array): void {
    const { file } = this.#create();
    for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written);
  }

  #create(): { readonly path: string; readonly file: number } {
    this.#path ??= this.#stage();
    this.#file ??= openSync(this.#path, this.#isSettled ? "r" : "wx+", 0o600);
    return { path: this.#path, file: this.#file };
  }

  #close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}

const OWNER_READ = 0o400;

/** Larger files are considered different: comparing them would cost as much as reading both. */
const COMPARE_BYTES = 64 * 1024 * 1024;

/** @param file open for reading, with the same size */
function haveSame(file: number, there: string, size: number): boolean {
  if (size > COMPARE_BYTES) return false;
  const other = openSync(there, "r");
  const [one, two] = [Buffer.alloc(PART_BYTES), Buffer.alloc(PART_BYTES)];
  try {
    for (let at = 0; at < size;) {
      const read = readSync(file, one, 0, PART_BYTES, at);
      const length = readSync(other, two, 0, read, at);
      if (length === 0 || !one.subarray(0, length).equals(two.subarray(0, length))) return false;
      at += length;
    }
    return true;
  } finally {
    closeSync(other);
  }
}

const PART_BYTES = 256 * 1024;
