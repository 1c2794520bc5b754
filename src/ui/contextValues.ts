import type { Session } from "../auth/session";
import { isOrphan, isRunning, type Sandbox } from "../sandboxes/sandbox";
import type { Snapshot } from "../sandboxes/snapshots/snapshots";

/** The context keys that depend on the session. */
export interface SessionKeys {
  "modalSandboxes.session": Session["kind"];
  /**
   * True if commands can reach sandboxes: the folder is trusted, and the session is an account or the local backend.
   */
  "modalSandboxes.isConnected": boolean;
}

/** The context keys that depend on the sandboxes and their snapshots. */
export interface SandboxKeys {
  "modalSandboxes.hasRunning": boolean;
  "modalSandboxes.hasPaused": boolean;
  /** True if a sandbox has ended whose files Modal kept. */
  "modalSandboxes.hasRestorable": boolean;
  "modalSandboxes.hasSnapshots": boolean;
  /** True if sandboxes are running that this installation created and no window holds. */
  "modalSandboxes.hasOrphans": boolean;
}

export const sessionKeys = ({ kind }: Session, isTrusted: boolean): SessionKeys => ({
  "modalSandboxes.session": kind,
  "modalSandboxes.isConnected": isTrusted && kind !== "signedOut",
});

export const sandboxKeys = (
  sandboxes: readonly Sandbox[],
  snapshots: readonly Pick<Snapshot, "kind">[],
): SandboxKeys => ({
  "modalSandboxes.hasRunning": sandboxes.some(isRunning),
  "modalSandboxes.hasPaused": sandboxes.some(({ phase }) => phase.kind === "paused"),
  "modalSandboxes.hasRestorable": snapshots.some(({ kind }) => kind === "exit"),
  "modalSandboxes.hasSnapshots": snapshots.length > 0,
  "modalSandboxes.hasOrphans": sandboxes.some(isOrphan),
});
