import type { DisposableStore } from "../base/disposable";
import type { Clock, Logger, Memento } from "../base/ports";
import type { RateSource } from "../modal/rates";
import type { SandboxSpec } from "../modal/spec";
import { ShellService } from "../run/program/shellService";
import { resumeRuns } from "../run/resumeRuns";
import { RunRecords } from "../run/runRecords";
import { RunService, type RunServiceOptions } from "../run/runService";
import { SweepRecords } from "../run/sweep/sweepRecords";
import { UnsyncedOutputs } from "../run/unsynced";
import type { Backend } from "./backend";
import type { Sandboxes } from "./sandboxes";
import type { Sync, SyncOptions } from "./sync";

export interface RunsOptions
  extends
    Pick<RunServiceOptions, "runsConcurrently" | "runsFolder" | "sharesOutputs">,
    Pick<SyncOptions, "pullSettings"> {
  readonly backend: Pick<Backend, "exec" | "gateway" | "rates">;
  readonly sandboxes: Pick<Sandboxes, "sandboxes" | "store" | "vault">;
  readonly sync: Sync;
  readonly storageFolder: string;
  /** Stores state for the open folder. */
  readonly workspaceState: Memento;
  /** Offers another GPU if the requested one is unavailable. If absent, the run fails. */
  readonly offerOther?: (spec: SandboxSpec, rates: RateSource) => Promise<SandboxSpec | undefined>;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Creates the services for programs, shells and sweeps in sandboxes. A later window resumes these from their records.
 */
export function createRuns(own: DisposableStore, options: RunsOptions) {
  const { storageFolder, offerOther, pullSettings, clock, log } = options;
  const { exec, gateway, rates } = options.backend;
  const { sandboxes, store, vault } = options.sandboxes;
  const { thread, pusher, puller } = options.sync;

  const records = new RunRecords(storageFolder, vault);
  const runs = own.add(
    new RunService({
      sandboxes,
      ...(offerOther && { offerOther: (spec) => offerOther(spec, rates) }),
      exec,
      records,
      runsConcurrently: options.runsConcurrently,
      runsFolder: options.runsFolder,
      sharesOutputs: options.sharesOutputs,
      notices: (signal) => gateway.notices(signal),
      clock,
      rates,
      log,
      pusher,
      puller,
    }),
  );
  const shells = own.add(new ShellService({ exec, folder: storageFolder, clock, log }));
  own.add(resumeRuns({ sandboxes: store, services: [runs, shells], log }));
  const sweeps = new SweepRecords(options.workspaceState, vault, log);
  const unsynced = new UnsyncedOutputs({ exec, thread, puller, settings: pullSettings });
  return { records, runs, shells, sweeps, unsynced };
}
