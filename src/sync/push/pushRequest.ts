import type { BaselineKey } from "../folder/baseline";
import type { SkippedEntry } from "../folder/folderEntry";
import type { Exec } from "../remote/remoteProcess";
import type { RulesChange } from "../rules/rulesChange";

export interface PushRequest {
  /** The local folder. */
  readonly root: string;
  readonly sandboxId: string;
  /** Absolute; created where it is missing. */
  readonly remotePath: string;
  readonly exec: Exec;
  /** Nobody waits for it: what would need a question is cancelled instead. */
  readonly isUnattended?: boolean;
  /** Outputs of runs that belong together are moved aside in the sandbox if no pull brought them. */
  readonly putsLeftAside?: boolean;
  /** Those that were pulled into folders of their own are deleted in the sandbox, and what was pushed is restored. */
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
  /** The entry on its way, relative to the folder; "" before the first. */
  readonly path: string;
}

/** What was sent, which is nothing where nothing had changed. */
export interface PushResult {
  readonly files: number;
  readonly bytes: number;
  readonly deleted: number;
  readonly skipped: readonly SkippedEntry[];
  readonly conflicts: readonly Conflict[];
  /** Where in the sandbox the outputs are that were not pulled, if there were any. */
  readonly movedTo?: string;
  /** Those of them that are still in the folder, because nothing can name them. */
  readonly inPlace?: readonly string[];
}

/** A push that is out of the ordinary. */
export interface BigPush {
  readonly root: string;
  readonly files: number;
  readonly bytes: number;
  readonly deletes: number;
  /** Nobody asked for it just now. */
  readonly isUnattended: boolean;
  /** How many entries of the folder the sandbox has. */
  readonly known: number;
  /** The largest of the folder's entries first. */
  readonly biggest: readonly FolderSize[];
  /** The lines of rules files that let it send what was not sent before. */
  readonly rules: readonly RulesChange[];
}

/** Something that the sandbox's programs made or changed in the place of something that was pushed. */
export interface Conflict {
  readonly path: string;
  /** Where it is now in the sandbox; `path` itself if it was to be deleted but is still there. */
  readonly keptAs: string;
}

/** What of a push lies in one folder (or is one file) at the top. */
export interface FolderSize {
  readonly path: string;
  readonly files: number;
  readonly bytes: number;
}
