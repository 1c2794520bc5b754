import { messageOf } from "../../base/errors";
import type { Logger } from "../../base/ports";
import type { SandboxOwnership } from "./sandboxOwnership";
import { isRunning } from "../sandbox";
import type { SandboxService } from "../sandboxService";
import type { SandboxStore } from "../sandboxStore";
import type { SnapshotService } from "../snapshots/snapshotService";

/** The action on a window's sandboxes when it closes. */
export type OnWindowClose = "ask" | "keep" | "pause" | "terminate";

export interface ClosingOptions {
  readonly sandboxes: SandboxService;
  readonly snapshots: SnapshotService;
  readonly store: SandboxStore;
  readonly ownership: SandboxOwnership;
  readonly log: Logger;
}

/**
 * Pauses, terminates or keeps this window's sandboxes, as far as time permits. The next window finds those that are
 * unfinished and still running: it terminates the ones to be terminated, and offers the others to the user.
 */
export async function closeWindow(
  decision: OnWindowClose,
  { sandboxes, snapshots, store, ownership, log }: ClosingOptions,
  signal: AbortSignal,
): Promise<void> {
  const held = store.all.filter(isRunning).filter(({ holder }) => holder === "thisWindow");
  const acts: Partial<Record<OnWindowClose, (sandbox: (typeof held)[number]) => Promise<void>>> = {
    pause: (sandbox) => snapshots.pause(sandbox, signal),
    terminate: ({ key }) => sandboxes.terminate(key, signal),
  };
  const act = acts[decision];
  const outcomes = await Promise.allSettled(act ? held.map(act) : []);
  for (const outcome of outcomes)
    if (outcome.status === "rejected")
      log.warn(`Ending a sandbox as the window closes failed: ${messageOf(outcome.reason)}`);
  await ownership
    .leave()
    .catch((error: unknown) => log.warn(`Releasing the window's sandboxes failed: ${messageOf(error)}`));
}
