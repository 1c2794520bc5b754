import type { BaselineKey } from "../folder/baseline";
import type { SkippedEntry } from "../folder/folderEntry";
import type { Exec } from "../remote/remoteProcess";
import type { RulesChange } from "../rules/rulesChange";

export interface PushRequest {
  /** The local folder. */
  readonly root: string;
  readonly sandboxId: string;
  /** Absolute; created if missing. */
  readonly remotePath: string;
  readonly exec: Exec;
  /** True if nobody waits for the push: it is canceled if it would need an answer. */
  readonly isUnattended?: boolean;
  /** True to move outputs that no pull has included aside in the sandbox. */
  readonly putsLeftAside?: boolean;
  /**
   * True to delete outputs in the sandbox that were pulled into folders of their own, and to restore the pushed
   * entries.
   */
  readonly isFresh?: boolean;
  /** Called at most ten times a second, and once at the end. */
  readonly onProgress?: (progress: PushProgress) => void;
  readonly signal: AbortSignal;
}

/** A target of a push. */
export interface PushKey extends BaselineKey {
  /** See `PushRequest`. */
  readonly isFresh?: boolean;
}

export interface PushProgress {
  readonly files: number;
  readonly bytes: number;
  readonly totalFiles: number;
  readonly totalBytes: number;
  /** The entry being pushed, relative to the folder; "" before the first. */
  readonly path: string;
}

/** The result of a push. The counts are 0 if nothing had changed. */
export interface PushResult {
  readonly files: number;
  readonly bytes: number;
  readonly deleted: number;
  readonly skipped: readonly SkippedEntry[];
  readonly conflicts: readonly Conflict[];
  /** The folder in the sandbox with the outputs that were moved aside, if any. */
  readonly movedTo?: string;
  /** Outputs that are still in place, because their names cannot be sent. */
  readonly inPlace?: readonly string[];
}

/** A push that may need the user's approval. */
export interface BigPush {
  readonly root: string;
  readonly files: number;
  readonly bytes: number;
  readonly deletes: number;
  /** True if the user did not just ask for it. */
  readonly isUnattended: boolean;
  /** The number of the folder's entries that the sandbox has. */
  readonly known: number;
  /** The folder's largest entries, largest first. */
  readonly biggest: readonly FolderSize[];
  /** The lines of rules files that include entries that were not pushed before. */
  readonly rules: readonly RulesChange[];
}

/** An entry that the sandbox's programs made or changed in the place of a pushed entry. */
export interface Conflict {
  readonly path: string;
  /** Its path in the sandbox now; `path` itself if it should have been deleted but is still there. */
  readonly keptAs: string;
}

/** The part of a push in one top-level folder or file. */
export interface FolderSize {
  readonly path: string;
  readonly files: number;
  readonly bytes: number;
}
