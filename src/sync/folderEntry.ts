interface EntryBase {
  /** Relative to the scanned folder, with `/`. */
  readonly path: string;
  /** The permission bits, set-id and sticky bits included. */
  readonly mode: number;
  readonly mtimeMs: number;
}

export interface FileEntry extends EntryBase {
  readonly kind: "file";
  readonly size: number;
}

export interface DirectoryEntry extends EntryBase {
  readonly kind: "directory";
}

interface SymlinkEntry extends EntryBase {
  readonly kind: "symlink";
  readonly target: string;
}

export type FolderEntry = FileEntry | DirectoryEntry | SymlinkEntry;

/** What a push leaves behind although no rule excludes it, and why. */
export interface SkippedEntry {
  readonly path: string;
  /** Half a sentence, to stand after the path. */
  readonly reason: string;
}
