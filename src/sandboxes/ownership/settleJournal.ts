import type { Clock, Logger } from "../../base/ports";
import { messageOf } from "../../base/errors";
import { isNotFound } from "../../modal/errors";
import type { ListedSandbox, SandboxResult } from "../../modal/rpc";
import type { SandboxGateway } from "../../modal/sandboxes";
import type { SandboxOwnership, Survey } from "./sandboxOwnership";
import type { JournalEntry } from "./journal";
import { folderIdOf } from "./origin";
import type { SandboxService } from "../sandboxService";
import type { SnapshotService } from "../snapshots/snapshotService";
import type { SandboxStore } from "../sandboxStore";

export interface SettleOptions {
  readonly gateway: SandboxGateway;
  readonly store: SandboxStore;
  readonly ownership: SandboxOwnership;
  readonly service: Pick<SandboxService, "adopt" | "terminate">;
  readonly snapshots: Pick<SnapshotService, "keepExit">;
  /** The folders that are open in this window. */
  readonly folders: () => readonly string[];
  readonly clock: Clock;
  readonly log: Logger;
  /** The server's list, and the holders at the same moment. The store already has both. */
  readonly listed: readonly ListedSandbox[];
  readonly survey: Survey;
}

/**
 * Compares the journal with the server's list: adopts sandboxes, terminates marked ones, and forgets those that are
 * gone.
 */
export async function settleJournal(options: SettleOptions, signal: AbortSignal): Promise<void> {
  const { listed, survey } = options;
  const byName = new Map(listed.map((entry) => [entry.name, entry]));
  const byId = new Map(listed.map((entry) => [entry.id, entry]));
  await adoptOwn(options);
  await Promise.all(
    survey.entries.map(async (entry) => {
      const found = byName.get(entry.name) ?? (entry.id === undefined ? undefined : byId.get(entry.id));
      if (!found) await forgetIfGone(entry, options, signal);
      else if (entry.isMarkedForTermination) end(found, options);
    }),
  );
}

/** Returns how a sandbox ended, `undefined` if it is running. */
export async function resultOf(
  id: string,
  gateway: SandboxGateway,
  signal: AbortSignal,
): Promise<Pick<SandboxResult, "reason"> | undefined> {
  try {
    return await gateway.poll(id, signal);
  } catch (error) {
    if (isNotFound(error)) return { reason: "terminated" };
    throw error;
  }
}

/** Adopts the sandboxes that an earlier window created for a folder that is open here. */
async function adoptOwn({ store, service, folders, survey, log }: SettleOptions): Promise<void> {
  const folderIds = new Set(folders().map(folderIdOf));
  const marked = new Set(
    survey.entries.flatMap(({ name, isMarkedForTermination }) => (isMarkedForTermination ? [name] : [])),
  );
  const ours = store.all.filter(
    ({ name, holder, origin }) => holder === "nobody" && origin && folderIds.has(origin.folderId) && !marked.has(name),
  );
  const outcomes = await Promise.allSettled(ours.map(({ key }) => service.adopt(key)));
  for (const outcome of outcomes)
    if (outcome.status === "rejected") log.warn(`Taking over a sandbox failed: ${messageOf(outcome.reason)}`);
}

/** Terminates a sandbox that a window had marked before it closed. Not awaited, because the server may take long. */
function end({ id }: ListedSandbox, { store, service, log }: SettleOptions): void {
  const sandbox = store.findById(id);
  if (!sandbox) return;
  service
    .terminate(sandbox.key, AbortSignal.timeout(END_MS))
    .catch((error: unknown) => log.warn(`Terminating ${sandbox.name} failed: ${messageOf(error)}`));
}

const END_MS = 60_000;

async function forgetIfGone(entry: JournalEntry, options: SettleOptions, signal: AbortSignal): Promise<void> {
  const { store, ownership, snapshots, gateway, clock, survey, log } = options;
  // If an entry cannot be removed, the next refresh tries again.
  const forget = () =>
    ownership
      .forget(entry.name)
      .catch((error: unknown) => log.warn(`Removing a sandbox from the journal failed: ${messageOf(error)}`));
  const age = clock.now() - entry.createdAt;
  const isUnderWay = store.get(entry.name)?.phase.kind === "creating";
  if (isUnderWay || (entry.scope !== survey.scope && age < LONGEST_LIFE_MS)) return;
  if (entry.id !== undefined && entry.hasExitSnapshot && !entry.isMarkedForTermination && age < LONGEST_LIFE_MS) {
    const hasEnded = (await resultOf(entry.id, gateway, signal)) !== undefined;
    if (hasEnded && (await snapshots.keepExit(entry, signal))) await forget();
    return;
  }
  const isGone =
    entry.id === undefined
      ? age > LATEST_ARRIVAL_MS
      : entry.scope !== survey.scope || (await resultOf(entry.id, gateway, signal)) !== undefined;
  if (isGone) await forget();
}

/** Modal ends every sandbox after a day. If no list here can show a sandbox, it has ended by then. */
const LONGEST_LIFE_MS = 25 * 3_600_000;

/** After this time, a create whose answer was lost has succeeded or failed. */
const LATEST_ARRIVAL_MS = 30 * 60_000;
