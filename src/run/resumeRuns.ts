import type { Disposable } from "../base/disposable";
import { messageOf } from "../base/errors";
import type { Event } from "../base/event";
import type { Logger } from "../base/ports";
import { isRunning, type RunningSandbox } from "../sandboxes/sandbox";
import type { SandboxChange } from "../sandboxes/sandboxStore";

export interface ResumeOptions {
  readonly sandboxes: { readonly onDidChangeSandboxes: Event<SandboxChange> };
  readonly services: readonly { resume(sandbox: RunningSandbox): Promise<void> }[];
  readonly log: Logger;
}

/** Resumes the runs and shells of each sandbox that this window adopts. */
export function resumeRuns({ sandboxes, services, log }: ResumeOptions): Disposable {
  const asked = new Set<string>();
  return sandboxes.onDidChangeSandboxes(({ added, changed }) => {
    for (const sandbox of [...added, ...changed]) {
      if (!isRunning(sandbox) || sandbox.holder !== "thisWindow" || asked.has(sandbox.key)) continue;
      asked.add(sandbox.key);
      for (const service of services)
        service
          .resume(sandbox)
          .catch((error: unknown) => log.warn(`Resuming the runs in ${sandbox.name} failed: ${messageOf(error)}`));
    }
  });
}
