import type { Disposable } from "../base/disposable";
import { messageOf } from "../base/errors";
import type { Event } from "../base/event";
import type { Logger } from "../base/ports";
import { isRunning, type RunningSandbox } from "../sandboxes/sandbox";
import type { SandboxChange } from "../sandboxes/sandboxStore";

export interface ResumeOptions {
  readonly sandboxes: { readonly onDidChangeSandboxes: Event<SandboxChange> };
  readonly runs: { resume(sandbox: RunningSandbox): Promise<void> };
  readonly log: Logger;
}

/** Goes on with the runs of each sandbox that this window takes over. */
export function resumeRuns({ sandboxes, runs, log }: ResumeOptions): Disposable {
  const asked = new Set<string>();
  return sandboxes.onDidChangeSandboxes(({ added, changed }) => {
    for (const sandbox of [...added, ...changed]) {
      if (!isRunning(sandbox) || sandbox.holder !== "thisWindow" || asked.has(sandbox.key)) continue;
      asked.add(sandbox.key);
      runs.resume(sandbox).catch((error: unknown) => {
        log.warn(`Runs of ${sandbox.name}: ${messageOf(error)}`);
      });
    }
  });
}
