import type { Clock, Logger } from "../base/ports";
import type { ListedSandbox } from "../modal/rpc";
import type { SandboxGateway } from "../modal/sandboxes";
import type { SandboxOwnership, Survey } from "./ownership/sandboxOwnership";
import { isInOurHands, recordOf } from "./ownership/record";
import { sandboxIdOf, type Sandbox } from "./sandbox";
import type { SandboxService } from "./sandboxService";
import type { SnapshotService } from "./snapshots/snapshotService";
import type { SandboxStore } from "./sandboxStore";
import { resultOf, settleJournal } from "./ownership/settleJournal";

export interface RefreshOptions {
  readonly gateway: SandboxGateway;
  readonly store: SandboxStore;
  readonly ownership: SandboxOwnership;
  readonly service: Pick<SandboxService, "adopt" | "terminate">;
  readonly snapshots: Pick<SnapshotService, "keepExit" | "showPaused">;
  /** The folders that are open in this window. Sandboxes made for them are adopted if no window holds them. */
  readonly folders: () => readonly string[];
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Updates the store and the journal from one list of the server. Only sandboxes that are missing from it are queried
 * individually.
 */
export async function refreshSandboxes(options: RefreshOptions, signal: AbortSignal): Promise<void> {
  const { gateway, store, ownership } = options;
  const before = store.all;
  const listed = await gateway.list(signal);
  // Read after the list: another window announces itself before it creates a sandbox.
  const survey = await ownership.survey();

  store.apply({ put: listed.flatMap((entry) => merge(entry, store, survey)), removeKeys: [] });

  const listedIds = new Set(listed.map(({ id }) => id));
  await Promise.all([
    options.snapshots.showPaused(),
    settleJournal({ ...options, listed, survey }, signal),
    ...before.map(async (sandbox) => {
      const id = sandboxIdOf(sandbox);
      if (id !== undefined && !listedIds.has(id)) await settleVanished(sandbox.key, id, options, signal);
    }),
  ]);
}

/** Removes ended sandboxes from the store. */
export function clearEnded(store: SandboxStore): void {
  store.apply({
    put: [],
    removeKeys: store.all.filter(({ phase }) => phase.kind === "ended").map(({ key }) => key),
  });
}

function merge(entry: ListedSandbox, store: SandboxStore, survey: Survey): Sandbox[] {
  const known = store.findById(entry.id) ?? (entry.name ? store.get(entry.name) : undefined);
  return known && isInOurHands(known.phase) ? [] : [recordOf(entry, known, survey)];
}

async function settleVanished(
  key: string,
  id: string,
  { gateway, store, clock }: RefreshOptions,
  signal: AbortSignal,
): Promise<void> {
  const result = await resultOf(id, gateway, signal);
  const current = store.get(key);
  if (result && current && !isInOurHands(current.phase))
    store.transition(key, { kind: "ended", reason: result.reason, endedAt: clock.now() });
}
