import { commands, workspace } from "vscode";
import type { DisposableStore } from "../base/disposable";
import { messageOf } from "../base/errors";
import type { Services } from "../services/services";
import { keepContextKeys } from "./contextKeys";

export interface WindowStart extends Pick<
  Services,
  "session" | "store" | "kept" | "custody" | "sweeps" | "folders" | "log"
> {
  readonly view: { refresh(): Promise<void> };
  /** Waits for the session. */
  readonly ready: () => Promise<void>;
  /** Aborts before the window closes. */
  readonly closing: AbortSignal;
}

/** Resumes what earlier windows left. Contacts Modal only if there is something. */
export function startWindow(own: DisposableStore, dependencies: WindowStart): void {
  const { closing, log } = dependencies;
  start(own, dependencies).catch((error: unknown) => {
    if (!closing.aborted) log.warn(`What closed windows left: ${messageOf(error)}`);
  });
}

async function start(own: DisposableStore, dependencies: WindowStart): Promise<void> {
  const { session, store, kept, custody, sweeps, folders, view, ready, closing } = dependencies;
  await ready();
  own.add(keepContextKeys({ session, sandboxes: store, snapshots: kept }));
  const hasSweeps = sweeps.all.length > 0;
  // The command reports its own errors, and lasts as long as the sweeps that it resumes.
  if (workspace.isTrusted && session.current.kind !== "signedOut" && hasSweeps)
    void commands.executeCommand("modalSandboxes.continueSweep", false);
  if (!workspace.isTrusted || session.current.kind !== "signedIn") return;
  if (await custody.hasAbandoned()) await view.refresh();
  // The window before this one may still be closing.
  if (await custody.whenReleased(folders(), closing)) await view.refresh();
}
