import { once } from "node:events";
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from "node:fs";
import { join } from "node:path";

import { pack as createTar, type Header, type Pack } from "tar-stream";

import { codeOf, messageOf } from "../base/errors";
import { CHECKS, MARK, MARK_TEXT, MODES, TREE } from "./archiveLayout";
import { directoryModes } from "./directoryModes";
import { UNSETTLED, type FileEntry, type FolderEntry, type SkippedEntry } from "./folderEntry";

export interface PackSink {
  write(chunk: Uint8Array): void;
  /** Resolves when more may be written; asked before each entry and each part of a big file. */
  ready(): Promise<void>;
}

export interface PackProgress {
  files: number;
  bytes: number;
  /** The entry being packed. */
  path: string;
}

/**
 * Writes the archive of `archiveLayout.ts` to `sink`. Reads with blocking calls (see `scan`). An entry that is gone or
 * unreadable is skipped, one that shrinks while it is read is filled up with zeros; both are reported.
 * @param progress kept up to date while packing
 */
export async function pack(
  root: string,
  { entries, checks }: Cargo,
  sink: PackSink,
  progress: PackProgress,
): Promise<Packed> {
  const packer = new Packer(root, sink, progress);
  for (const entry of entries) {
    await sink.ready();
    await packer.add(entry);
  }
  await sink.ready();
  await packer.finish(entries, checks);
  return packer;
}

/** What an archive is made of. */
export interface Cargo {
  readonly entries: readonly FolderEntry[];
  /** See `checks.ts`. */
  readonly checks: string;
}

export interface Packed {
  readonly skipped: readonly SkippedEntry[];
  /** The entries as they went into the archive. */
  readonly sent: readonly FolderEntry[];
}

/** A bigger file passes through in parts of this size, so that no file is ever wholly in memory. */
const PART_BYTES = 512 * 1024;

class Packer implements Packed {
  readonly skipped: SkippedEntry[] = [];
  readonly sent: FolderEntry[] = [];
  readonly #tar: Pack = createTar();
  readonly #root: string;
  readonly #sink: PackSink;
  readonly #progress: PackProgress;

  constructor(root: string, sink: PackSink, progress: PackProgress) {
    this.#root = root;
    this.#sink = sink;
    this.#progress = progress;
    this.#tar.on("data", (chunk) => {
      sink.write(chunk as Uint8Array);
    });
  }

  async add(entry: FolderEntry): Promise<void> {
    this.#progress.path = entry.path;
    switch (entry.kind) {
      case "directory":
        this.sent.push(entry);
        // The receiver must be able to fill it and to throw it away again; `MODES` has the mode it ends with.
        return this.#write({ ...headers(entry), type: "directory", mode: entry.mode | 0o700 });
      case "symlink":
        this.sent.push(entry);
        return this.#write({ ...headers(entry), type: "symlink", linkname: entry.target });
      case "file":
        return this.#addFile(entry);
    }
  }

  async finish(entries: readonly FolderEntry[], checks: string): Promise<void> {
    const closing = { mode: 0o600, mtime: new Date(0) };
    await this.#write({ ...closing, name: CHECKS }, Buffer.from(checks));
    await this.#write({ ...closing, name: MODES }, Buffer.from(directoryModes(entries)));
    await this.#write({ ...closing, name: MARK }, Buffer.from(MARK_TEXT));
    const ended = once(this.#tar, "end");
    this.#tar.finalize();
    await ended;
  }

  async #addFile(entry: FileEntry): Promise<void> {
    const file = this.#attempt(entry.path, () =>
      openSync(join(this.#root, entry.path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK),
    );
    if (file === undefined) return;
    try {
      const stats = fstatSync(file);
      if (!stats.isFile()) this.#skip(entry.path, REPLACED);
      else if (stats.size <= PART_BYTES) await this.#addSmall(asOpened(entry, stats), file, stats);
      else await this.#addBig(asOpened(entry, stats), file, stats);
    } finally {
      closeSync(file);
    }
  }

  async #addSmall(entry: FileEntry, file: number, stats: Stats): Promise<void> {
    const { size } = entry;
    const content = Buffer.allocUnsafe(size);
    const read = this.#attempt(entry.path, () => readFully(file, content));
    if (read === undefined) return;
    this.#fillRest(entry, content, read);
    const isWhole = read === size && !hasMoved(file, stats);
    await this.#write({ ...headers(entry), type: "file" }, content);
    this.#progress.bytes += size;
    this.#addSent(entry, isWhole);
  }

  /** Once its header is out, exactly `size` bytes must follow, whatever becomes of the file. */
  async #addBig(entry: FileEntry, file: number, stats: Stats): Promise<void> {
    const { size } = entry;
    const body = this.#tar.entry({ ...headers(entry), type: "file", size });
    const closed = once(body, "close");
    let isReadable = true;
    for (let sent = 0; sent < size; sent += PART_BYTES) {
      await this.#sink.ready();
      const part = Buffer.allocUnsafe(Math.min(PART_BYTES, size - sent));
      const read: number = isReadable ? tryReadFully(file, part) : 0;
      if (isReadable) this.#fillRest(entry, part, read);
      else part.fill(0);
      isReadable &&= read === part.length;
      if (!body.write(part)) await once(body, "drain");
      this.#progress.bytes += part.length;
    }
    body.end(undefined);
    await closed;
    this.#addSent(entry, isReadable && !hasMoved(file, stats));
  }

  #addSent(entry: FileEntry, isWhole: boolean): void {
    this.#progress.files += 1;
    this.sent.push(isWhole ? entry : { ...entry, ctimeMs: UNSETTLED });
  }

  #fillRest(entry: FileEntry, content: Buffer, read: number): void {
    if (read === content.length) return;
    content.fill(0, read);
    this.#skip(entry.path, "shrank while it was being read; push again");
  }

  #write(header: EntryHeader, content = EMPTY): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#tar.entry(header, content, (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  }

  #attempt(path: string, access: () => number): number | undefined {
    try {
      return access();
    } catch (error) {
      this.#skip(path, reasonOf(error));
      return undefined;
    }
  }

  #skip(path: string, reason: string): void {
    this.skipped.push({ path, reason });
  }
}

/** The file that was opened may be another than the one that was scanned. */
function asOpened(entry: FileEntry, { size, mtimeMs, ctimeMs, ino }: Stats): FileEntry {
  if (entry.size === size && entry.mtimeMs === mtimeMs && entry.ino === ino) {
    if (entry.ctimeMs === ctimeMs || entry.ctimeMs === UNSETTLED) return entry;
  }
  // What changed so recently may well change again within one tick of the clock.
  return { ...entry, size, mtimeMs, ctimeMs: UNSETTLED, ino };
}

/** Whether the file changed while it was being read. */
function hasMoved(file: number, { size, mtimeMs, ctimeMs }: Stats): boolean {
  const stats = fstatSync(file);
  return stats.size !== size || stats.mtimeMs !== mtimeMs || stats.ctimeMs !== ctimeMs;
}

type EntryHeader = Partial<Header> & Pick<Header, "name">;

const EMPTY = Buffer.alloc(0);

/** tar-stream keeps the seconds of a time in 31 bits; what lies outside travels in an extended header. */
function headers(entry: FolderEntry): EntryHeader {
  const seconds = Math.floor(entry.mtimeMs / 1000);
  const base = { name: `${TREE}/${entry.path}`, mode: entry.mode, mtime: new Date(seconds * 1000) };
  if (seconds >= 0 && seconds < 2 ** 31) return base;
  return { ...base, mtime: new Date(0), pax: { mtime: String(seconds) } };
}

/** How many bytes of `content` the file filled, from where it was last read. */
function readFully(file: number, content: Buffer): number {
  let filled = 0;
  while (filled < content.length) {
    const read = readSync(file, content, filled, content.length - filled, null);
    if (read === 0) break;
    filled += read;
  }
  return filled;
}

function tryReadFully(file: number, content: Buffer): number {
  try {
    return readFully(file, content);
  } catch {
    return 0;
  }
}

const REPLACED = "was replaced while it was being read";

function reasonOf(error: unknown): string {
  switch (codeOf(error)) {
    case "ENOENT":
    case "ENOTDIR":
      return "vanished before it could be read";
    case "ELOOP":
      return REPLACED;
    case "EACCES":
      return "cannot be read: permission denied";
    default:
      return `cannot be read: ${messageOf(error)}`;
  }
}
