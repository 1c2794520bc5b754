import type { DisposableStore } from "../base/disposable";
import type { Clock, Logger, SecretStore } from "../base/ports";
import type { ConnectionSettings } from "../modal/connection";
import { CostMeter } from "../sandboxes/costs/costMeter";
import { SpendingGuard, type SpendingGuardOptions } from "../sandboxes/costs/guard";
import { Spending } from "../sandboxes/costs/spending";
import { Activity } from "../sandboxes/metrics/activity";
import { SandboxOwnership } from "../sandboxes/ownership/sandboxOwnership";
import { EnvVault } from "../sandboxes/ownership/envVault";
import { refreshSandboxes } from "../sandboxes/refresh";
import { SandboxService, type SandboxServiceOptions } from "../sandboxes/sandboxService";
import { SandboxStore } from "../sandboxes/sandboxStore";
import { scopeOf } from "../sandboxes/scope";
import { SnapshotService } from "../sandboxes/snapshots/snapshotService";
import { Snapshots } from "../sandboxes/snapshots/snapshots";
import { TunnelService } from "../sandboxes/tunnelService";
import type { Backend } from "./backend";

export interface SandboxesOptions extends Pick<SandboxServiceOptions, "createDeadlineMs" | "keepsExitSnapshots"> {
  readonly backend: Pick<Backend, "account" | "exec" | "gateway" | "rates" | "session" | "snapshotGateway" | "usage">;
  /** Has the records that the windows of this installation share. */
  readonly storageFolder: string;
  readonly hostName: string;
  /** Distinguishes the sandboxes of this window's local backend from those of other windows. */
  readonly localId: string;
  /** Stores the values of variables. */
  readonly secretStore: SecretStore;
  readonly connectionSettings: () => ConnectionSettings;
  /** The open folders. This window adopts the sandboxes that an earlier one left for them. */
  readonly folders: () => readonly string[];
  /** True if sandboxes cost nothing. */
  readonly isFree: () => boolean;
  readonly spendingLimits: SpendingGuardOptions["limits"];
  readonly approveAboveLimit: SpendingGuardOptions["approve"];
  readonly lockWaitMs?: number;
  readonly clock: Clock;
  readonly log: Logger;
}

export type Sandboxes = ReturnType<typeof createSandboxes>;

/** Creates the services for sandboxes: their holders, costs and snapshots. */
export function createSandboxes(own: DisposableStore, options: SandboxesOptions) {
  const { storageFolder, hostName, isFree, folders, clock, log } = options;
  const { session, account, exec, gateway, rates, snapshotGateway, usage } = options.backend;
  const scope = () => scopeOf(session.current, options.connectionSettings(), options.localId);

  const store = own.add(new SandboxStore());
  const vault = new EnvVault(options.secretStore, log);
  const lock = options.lockWaitMs === undefined ? {} : { lockWaitMs: options.lockWaitMs };
  const ownership = own.add(
    new SandboxOwnership({ folder: storageFolder, hostName, scope, vault, clock, log, ...lock }),
  );
  const activity = own.add(new Activity(exec, clock));
  const spending = new Spending(storageFolder);
  const meter = own.add(new CostMeter({ store, usage, activity, spending, rates, scope, isFree, clock, log }));
  const guard = new SpendingGuard({
    store,
    meter,
    rates,
    limits: options.spendingLimits,
    refresh: (signal) => refresh(signal),
    journal: () => ownership.entries(),
    livingWindows: () => ownership.livingWindows(),
    exclusively: (work) => ownership.exclusively(work),
    approve: options.approveAboveLimit,
    clock,
  });
  const sandboxes = new SandboxService({ ...options, gateway, store, ownership, guard });
  const kept = own.add(new Snapshots(storageFolder, vault, clock));
  const snapshots = new SnapshotService({
    gateway: snapshotGateway,
    sandboxes,
    store,
    snapshots: kept,
    ownership,
    clock,
    log,
  });

  /** Refreshes the list of sandboxes, and the costs of those that have ended. */
  async function refresh(signal: AbortSignal): Promise<void> {
    const listedAt = clock.now();
    const refreshing = { gateway, store, ownership, service: sandboxes, snapshots, folders, clock, log };
    await Promise.all([refreshSandboxes(refreshing, signal), account.refresh(signal), rates.refresh(signal)]);
    await meter.settle(signal, listedAt);
  }

  /** Removes all sandboxes from the store: another session, environment or app has different ones. */
  function forget(): void {
    store.apply({ put: [], removeKeys: store.all.map(({ key }) => key) });
    account.forget();
    rates.forget();
  }
  own.add(session.onDidChangeSession(forget));

  const tunnels = new TunnelService(gateway, store);
  return {
    scope,
    store,
    vault,
    ownership,
    activity,
    meter,
    isFree,
    folders,
    sandboxes,
    kept,
    snapshots,
    tunnels,
    refresh,
    forget,
  };
}
