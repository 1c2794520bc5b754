interface EntryBase {
  /** Relative to the scanned folder, with `/`. */
  readonly path: string;
  /** The permission bits, set-id and sticky bits included. */
  readonly mode: number;
  /** A sandbox's copy keeps the whole seconds of it. */
  readonly mtimeMs: number;
}

export interface FileEntry extends EntryBase {
  readonly kind: "file";
  readonly size: number;
  /** With `ino` and the rest what tells that nobody touched the file; `unsettled` where nothing can tell. */
  readonly ctimeMs: number;
  readonly ino: number;
  /** The sandbox's own `ctime` of it, in seconds, when both sides were last known to hold the same; by the last push if left out. */
  readonly thereCtime?: number;
}

export interface DirectoryEntry extends EntryBase {
  readonly kind: "directory";
}

export interface SymlinkEntry extends EntryBase {
  readonly kind: "symlink";
  readonly target: string;
}

export type FolderEntry = FileEntry | DirectoryEntry | SymlinkEntry;

/** The `ctimeMs` of a file that changed while it was read, or that is known from elsewhere: no file has it. */
export const UNSETTLED = 0;

/** The `ctimeMs` of a file that may change again within the same tick of the clock: below zero, so no scan trusts it. */
export const unsettled = (ctimeMs: number): number => -ctimeMs;

/** The target of a link in a sandbox whose tools list no targets. */
export const UNKNOWN_TARGET = "";

/** What a push leaves behind although no rule excludes it, and why. */
export interface SkippedEntry {
  readonly path: string;
  /** Half a sentence, to stand after the path. */
  readonly reason: string;
}
