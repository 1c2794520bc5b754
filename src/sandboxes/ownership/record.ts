import type { ListedSandbox } from "../../modal/rpc";
import type { Survey } from "./sandboxOwnership";
import { originFromTags } from "./origin";
import { isRunning, type Sandbox, type SandboxPhase } from "../sandbox";

/** Merges what the server lists with what only this machine knows. */
export function recordOf(entry: ListedSandbox, known: Sandbox | undefined, survey: Survey): Sandbox {
  const spec = survey.entryOf(entry)?.making?.spec;
  const origin = known?.origin ?? originFromTags(entry.tags);
  return {
    key: known?.key ?? (origin && entry.name ? entry.name : entry.id),
    name: entry.name || entry.id,
    gpu: entry.gpu ?? known?.gpu,
    ...(known?.givenGpu && { givenGpu: known.givenGpu }),
    image: spec?.image.label ?? known?.image,
    cpu: entry.cpu,
    memoryMiB: entry.memoryMiB,
    timeoutMs: entry.timeoutMs,
    idleTimeoutMs: entry.idleTimeoutMs,
    ports: known?.ports ?? entry.tunnels.map(({ port }) => port),
    ...(spec && { volumes: spec.volumes, regions: spec.regions }),
    createdAt: entry.createdAt,
    placement: entry.regions,
    origin,
    holder: survey.holderOf(entry),
    phase: phaseOf(entry, known),
  };
}

function phaseOf(entry: ListedSandbox, known: Sandbox | undefined): SandboxPhase {
  if (entry.startedAt === undefined && !(known && isRunning(known)))
    return { kind: "creating", step: "queued", id: entry.id };
  const tunnels = entry.tunnels.length === 0 && known && isRunning(known) ? known.phase.tunnels : entry.tunnels;
  return { kind: "running", id: entry.id, startedAt: entry.startedAt ?? entry.createdAt, tunnels };
}

/** True in phases that a call from this window will end. A list requested in the meantime is out of date. */
export const isInOurHands = (phase: SandboxPhase) =>
  phase.kind === "pausing" ||
  phase.kind === "stopping" ||
  phase.kind === "ended" ||
  (phase.kind === "creating" && phase.id === undefined);
