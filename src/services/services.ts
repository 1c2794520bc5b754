import type { DisposableStore } from "../base/disposable";
import { createBackend, type BackendOptions } from "./backend";
import { createRuns, type RunsOptions } from "./runs";
import { createSandboxes, type SandboxesOptions } from "./sandboxes";
import { createSync, type SyncOptions } from "./sync";

/** The places on disk, the settings and the questions to the user that the services are given. */
export type ServicesOptions = BackendOptions &
  Omit<SyncOptions, "isLocal"> &
  Omit<SandboxesOptions, "backend" | "isFree"> &
  Omit<RunsOptions, "backend" | "sandboxes" | "sync"> & {
    /** True if sandboxes cost nothing; by default those of the local backend. */
    readonly isFree?: () => boolean;
  };

export type Services = ReturnType<typeof createServices>;

/**
 * Everything below the UI, built in rank order; `own` disposes of it in reverse. Contacts nobody: that waits for the
 * first use.
 */
export function createServices(own: DisposableStore, options: ServicesOptions) {
  const backend = createBackend(own, options);
  const { isLocal } = backend;
  const sandboxes = createSandboxes(own, { isFree: isLocal, ...options, backend });
  const sync = createSync(own, { ...options, isLocal });
  const runs = createRuns(own, { ...options, backend, sandboxes, sync });
  const { clock, log } = options;
  return { ...backend, ...sandboxes, ...sync, ...runs, clock, log };
}
