import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from "node:fs";

import { codeOf, messageOf } from "../../base/errors";
import { checksName, MARK, MARK_TEXT, MODES, TREE } from "./archiveLayout";
import { UNSETTLED, unsettled, type FileEntry, type FolderEntry, type SkippedEntry } from "../folder/folderEntry";
import { TarWriter, type TarEntry } from "./tarWriter";

export interface PackSink {
  /** The chunk's memory is reused as soon as this returns. */
  write(chunk: Uint8Array): void;
  /** Resolves when more can be written. Called before each entry and before each part of a large file. */
  ready(): Promise<void>;
}

export interface PackProgress {
  files: number;
  bytes: number;
  /** The entry being packed. */
  path: string;
}

/**
 * Writes the archive described in `archiveLayout.ts` to `sink`. Reads files synchronously (see `scan`). An entry that
 * is missing or unreadable is skipped, and a file that shrinks while it is read is padded with zeros; both are
 * reported.
 * @param progress is updated while packing
 */
export async function pack(
  root: string,
  { entries, checks, modes }: Cargo,
  sink: PackSink,
  progress: PackProgress,
): Promise<Packed> {
  const packer = new Packer(root, sink, progress);
  for (const entry of entries) {
    await sink.ready();
    await packer.add(entry);
  }
  await sink.ready();
  packer.finish(checks, modes);
  return packer;
}

/** The content of an archive. */
export interface Cargo {
  readonly entries: readonly FolderEntry[];
  /** For each target, see `checks.ts`. */
  readonly checks: readonly string[];
  /** See `directoryModes.ts`. */
  readonly modes: string;
}

export interface Packed {
  readonly skipped: readonly SkippedEntry[];
  /** The entries as they were written to the archive. */
  readonly sent: readonly FolderEntry[];
}

/** A larger file is read in parts of this size, so that no large file is held in memory. */
const PART_BYTES = 512 * 1024;

class Packer implements Packed {
  readonly skipped: SkippedEntry[] = [];
  readonly sent: FolderEntry[] = [];
  readonly #tar: TarWriter;
  readonly #root: string;
  readonly #sink: PackSink;
  readonly #progress: PackProgress;
  readonly #part = Buffer.allocUnsafe(PART_BYTES);

  constructor(root: string, sink: PackSink, progress: PackProgress) {
    this.#root = root;
    this.#sink = sink;
    this.#progress = progress;
    this.#tar = new TarWriter((bytes) => sink.write(bytes));
  }

  /** Resolves when the entry is written, which is immediate for most entries. */
  async add(entry: FolderEntry): Promise<void> {
    this.#progress.path = entry.path;
    switch (entry.kind) {
      case "directory":
        this.sent.push(entry);
        // The receiver must be able to fill the folder and to delete it again; `MODES` sets its final mode.
        this.#tar.begin({ ...headerOf(entry), type: "directory", mode: entry.mode | 0o700 });
        break;
      case "symlink":
        this.sent.push(entry);
        this.#tar.begin({ ...headerOf(entry), type: "symlink", target: entry.target });
        break;
      case "file":
        await this.#addFile(entry);
    }
  }

  finish(checks: readonly string[], modes: string): void {
    for (const [nth, script] of checks.entries()) this.#addText(checksName(nth), script);
    this.#addText(MODES, modes);
    this.#addText(MARK, MARK_TEXT);
    this.#tar.finish();
  }

  #addText(name: string, text: string): void {
    const content = Buffer.from(text);
    this.#tar.begin({ name, type: "file", mode: 0o600, mtime: 0, size: content.length });
    this.#tar.append(content);
  }

  async #addFile(entry: FileEntry): Promise<void> {
    const file = this.#attempt(entry.path, () =>
      openSync(`${this.#root}/${entry.path}`, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK),
    );
    if (file === undefined) return;
    try {
      const stats = fstatSync(file);
      if (stats.isFile()) await this.#addContent(asOpened(entry, stats), file);
      else this.#skip(entry.path, REPLACED);
    } finally {
      closeSync(file);
    }
  }

  /** Once the header is written, exactly `size` bytes must follow, even if the file shrinks. */
  async #addContent(entry: FileEntry, file: number): Promise<void> {
    const { size } = entry;
    let part = this.#part.subarray(0, size);
    let read = this.#attempt(entry.path, () => readFully(file, part));
    if (read === undefined) return;
    this.#tar.begin({ ...headerOf(entry), size });

    let isComplete = true;
    for (let left = size; ;) {
      if (isComplete && read < part.length) {
        isComplete = false;
        this.#skip(entry.path, "shrank while it was being read; push again");
      }
      this.#tar.append(part.fill(0, read));
      this.#progress.bytes += part.length;
      left -= part.length;
      if (left === 0) break;
      await this.#sink.ready();
      part = this.#part.subarray(0, left);
      read = isComplete ? tryReadFully(file, part) : 0;
    }
    this.#progress.files += 1;
    // A change after the scan changes the times of all files except unsettled ones.
    this.sent.push(isComplete ? entry : { ...entry, ctimeMs: UNSETTLED });
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

/** The opened file may differ from the one that was scanned. */
function asOpened(entry: FileEntry, { size, mtimeMs, ctimeMs, ino }: Stats): FileEntry {
  if (entry.size === size && entry.mtimeMs === mtimeMs && entry.ino === ino) {
    if (entry.ctimeMs === ctimeMs || entry.ctimeMs === unsettled(ctimeMs)) return entry;
  }
  // A file that just changed may change again within the same clock tick.
  return { ...entry, size, mtimeMs, ctimeMs: unsettled(ctimeMs), ino };
}

const headerOf = (entry: FolderEntry): TarEntry => ({
  name: `${TREE}/${entry.path}`,
  type: "file",
  mode: entry.mode,
  mtime: Math.floor(entry.mtimeMs / 1000),
  size: 0,
});

/** Fills `content` from the current position and returns the number of bytes read. */
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
