import type { DisposableStore } from "../base/disposable";
import { createBackend, type BackendOptions } from "./backend";
import { createRuns, type RunsOptions } from "./runs";
import { createSandboxes, type SandboxesOptions } from "./sandboxes";
import { createSync, type SyncOptions } from "./sync";

/** The folders, the settings and the questions to the user that the services need. */
export type ServicesOptions = BackendOptions &
  Omit<SyncOptions, "isLocal"> &
  Omit<SandboxesOptions, "backend" | "isFree"> &
  Omit<RunsOptions, "backend" | "sandboxes" | "sync"> & {
    /** True if sandboxes cost nothing. By default, those of the local backend do. */
    readonly isFree?: () => boolean;
  };

export type Services = ReturnType<typeof createServices>;

/**
 * Creates everything below the UI in order of rank. `own` disposes of it in reverse order. Nothing is contacted before
 * its first use.
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
