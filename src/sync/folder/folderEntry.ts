interface EntryBase {
  /** Relative to the scanned folder, with `/`. */
  readonly path: string;
  /** The permission bits, including set-id and sticky bits. */
  readonly mode: number;
  /** The sandbox's copy keeps the whole seconds. */
  readonly mtimeMs: number;
}

export interface FileEntry extends EntryBase {
  readonly kind: "file";
  readonly size: number;
  /** Together with `ino` and the other fields, shows that a file is unchanged; `unsettled` if nothing can show that. */
  readonly ctimeMs: number;
  readonly ino: number;
  /**
   * The file's `ctime` in the sandbox, in seconds, when both sides last matched; without it, the time of the last push
   * applies.
   */
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

/** The `ctimeMs` of a file that changed while it was read, or that was not read here: it never equals a real time. */
export const UNSETTLED = 0;

/** The `ctimeMs` of a file that may change again within the same clock tick: negative, so no scan trusts it. */
export const unsettled = (ctimeMs: number): number => -ctimeMs;

/** The target of a link in a sandbox whose tools do not list targets. */
export const UNKNOWN_TARGET = "";

/** An entry that a push skips although no rule excludes it, and the reason. */
export interface SkippedEntry {
  readonly path: string;
  /** A phrase that follows the path. */
  readonly reason: string;
}
