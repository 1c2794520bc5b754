import type { Clock } from "../base/ports";
import { isNotFound } from "../modal/errors";
import type { ListedSandbox, SandboxResult } from "../modal/rpc";
import type { SandboxGateway } from "../modal/sandboxes";
import { originFromTags } from "./origin";
import { isRunning, sandboxIdOf, type Sandbox, type SandboxPhase } from "./sandbox";
import type { SandboxStore } from "./sandboxStore";

/** Brings the store up to date with one list of the server; only those that vanished from it are asked after singly. */
export async function refreshSandboxes(
  gateway: SandboxGateway,
  store: SandboxStore,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const before = store.all;
  const listed = await gateway.list(signal);

  store.apply({ put: listed.flatMap((entry) => merge(entry, store)), removeKeys: [] });

  const listedIds = new Set(listed.map(({ id }) => id));
  await Promise.all(
    before.map(async (sandbox) => {
      const id = sandboxIdOf(sandbox);
      if (id !== undefined && !listedIds.has(id)) await settleVanished(sandbox.key, id, gateway, store, clock, signal);
    }),
  );
}

/** Forgets the sandboxes that have ended. */
export function clearEnded(store: SandboxStore): void {
  store.apply({
    put: [],
    removeKeys: store.all.filter(({ phase }) => phase.kind === "ended").map(({ key }) => key),
  });
}

function merge(entry: ListedSandbox, store: SandboxStore): Sandbox[] {
  const known = store.findById(entry.id) ?? (entry.name ? store.get(entry.name) : undefined);
  return known && isInOurHands(known.phase) ? [] : [recordOf(entry, known)];
}

/** What the server lists, with what only we know. */
export function recordOf(entry: ListedSandbox, known: Sandbox | undefined): Sandbox {
  const origin = known?.origin ?? originFromTags(entry.tags);
  return {
    key: known?.key ?? (origin && entry.name ? entry.name : entry.id),
    name: entry.name || entry.id,
    gpu: entry.gpu ?? known?.gpu,
    image: known?.image,
    cpu: entry.cpu,
    memoryMiB: entry.memoryMiB,
    timeoutMs: entry.timeoutMs,
    idleTimeoutMs: entry.idleTimeoutMs,
    ports: known?.ports ?? entry.tunnels.map(({ port }) => port),
    createdAt: entry.createdAt,
    regions: entry.regions,
    origin,
    phase: phaseOf(entry, known),
  };
}

function phaseOf(entry: ListedSandbox, known: Sandbox | undefined): SandboxPhase {
  if (entry.startedAt === undefined && !(known && isRunning(known)))
    return { kind: "creating", step: "queued", id: entry.id };
  const tunnels = entry.tunnels.length === 0 && known && isRunning(known) ? known.phase.tunnels : entry.tunnels;
  return { kind: "running", id: entry.id, startedAt: entry.startedAt ?? entry.createdAt, tunnels };
}

/** Whoever creates or stops a sandbox here says when that is over; a list that was under way meanwhile knows less. */
const isInOurHands = (phase: SandboxPhase) =>
  phase.kind === "stopping" || phase.kind === "ended" || (phase.kind === "creating" && phase.id === undefined);

async function settleVanished(
  key: string,
  id: string,
  gateway: SandboxGateway,
  store: SandboxStore,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const result = await resultOf(id, gateway, signal);
  const current = store.get(key);
  if (result && current && !isInOurHands(current.phase))
    store.transition(key, { kind: "ended", reason: result.reason, endedAt: clock.now() });
}

async function resultOf(
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
