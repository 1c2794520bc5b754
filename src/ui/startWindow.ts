import { commands, workspace } from "vscode";
import { messageOf } from "../base/errors";
import type { Services } from "../services/services";

export interface WindowStart extends Pick<Services, "session" | "ownership" | "sweeps" | "folders" | "log"> {
  readonly view: { refresh(): Promise<void> };
  /** Aborts just before the window closes. */
  readonly closing: AbortSignal;
}

/** Resumes what earlier windows left unfinished. Contacts Modal only if there is something to resume. */
export function startWindow(dependencies: WindowStart): void {
  const { closing, log } = dependencies;
  start(dependencies).catch((error: unknown) => {
    if (!closing.aborted) log.warn(`Resuming what closed windows left: ${messageOf(error)}`);
  });
}

async function start(dependencies: WindowStart): Promise<void> {
  const { session, ownership, sweeps, folders, view, closing } = dependencies;
  const hasSweeps = sweeps.all.length > 0;
  // This command reports its own errors, and takes as long as the sweeps that it resumes.
  if (workspace.isTrusted && session.current.kind !== "signedOut" && hasSweeps)
    void commands.executeCommand("modalSandboxes.continueSweep", false);
  if (!workspace.isTrusted || session.current.kind !== "signedIn") return;
  if (await ownership.hasAbandoned()) await view.refresh();
  // The previous window may still be closing.
  if (await ownership.whenReleased(folders(), closing)) await view.refresh();
}
