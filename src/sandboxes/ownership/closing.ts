import { messageOf } from "../../base/errors";
import type { Logger } from "../../base/ports";
import type { Custody } from "./custody";
import { isRunning } from "../sandbox";
import type { SandboxService } from "../sandboxService";
import type { SandboxStore } from "../sandboxStore";
import type { SnapshotService } from "../snapshots/snapshotService";

/** What becomes of a window's sandboxes when it closes. */
export type OnWindowClose = "ask" | "keep" | "pause" | "terminate";

export interface ClosingOptions {
  readonly sandboxes: SandboxService;
  readonly snapshots: SnapshotService;
  readonly store: SandboxStore;
  readonly custody: Custody;
  readonly log: Logger;
}

/**
 * Does with this window's sandboxes what was decided, as far as the time goes. What is not finished then runs on, and
 * the next window finds it: one that was to end is ended there, another is offered.
 */
export async function closeWindow(
  decision: OnWindowClose,
  { sandboxes, snapshots, store, custody, log }: ClosingOptions,
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
    if (outcome.status === "rejected") log.warn(`Closing the window: ${messageOf(outcome.reason)}`);
  await custody.leave().catch((error: unknown) => {
    log.warn(`Closing the window: ${messageOf(error)}`);
  });
}
