import { assertNever } from "../base/errors";
import { formatDuration, formatElapsed, formatUptime } from "../base/format";
import { formatGpu, type GpuRequest } from "../modal/gpus";
import type { EndReason } from "../modal/rpc";
import type { CreateStep } from "../modal/sandboxes";
import type { Use } from "./metrics/activity";
import type { Sandbox, SandboxPhase } from "./sandbox";

/** The words that all views use for a sandbox. */
export interface Description {
  /** The kind of machine: `T4`, `2 × H100`, `CPU`. */
  readonly label: string;
  /** The state and age: `running · 12m`. */
  readonly state: string;
  /** All of it in one line, for screen readers. */
  readonly spoken: string;
}

export function describeSandbox(sandbox: Sandbox, now: number): Description {
  const label = formatGpu(sandbox.gpu);
  const state = describePhase(sandbox.phase, now);
  return { label, state, spoken: `${label} sandbox ${sandbox.name}, ${state.replaceAll(" · ", ", ")}` };
}

/** Describes how a sandbox is used: `idle 4m of 10m`. */
export function describeUse(use: Use): string {
  switch (use.kind) {
    case "busy":
      return "in use";
    case "idle":
      return `idle ${formatUptime(use.idleMs)}${use.leftMs === undefined ? "" : ` of ${formatDuration(use.idleMs + use.leftMs)}`}`;
    case "usedElsewhere":
      return "used elsewhere";
  }
}

/** The time until a sandbox ends, in whole minutes: `50m`. */
export const timeLeft = (ms: number): string => (ms > 0 ? formatUptime(ms) : "moments");

/** Describes what a sandbox that is being created is waiting for. */
export const describeStep = (
  step: CreateStep,
  { gpu, image }: { readonly gpu: GpuRequest | undefined; readonly image: { readonly label: string } },
): string =>
  ({
    image: `Preparing the image ${image.label}`,
    queued: `Waiting for ${gpu ? formatGpu(gpu) : "a machine"}`,
    starting: "Starting the sandbox",
  })[step];

function describePhase(phase: SandboxPhase, now: number): string {
  switch (phase.kind) {
    case "creating":
      return creating[phase.step] + elapsed(phase.since, now);
    case "running":
      return `running · ${formatUptime(now - phase.startedAt)}`;
    case "pausing":
      return "pausing · keeping its files";
    case "paused":
      return `paused · ${formatUptime(now - phase.pausedAt)} ago`;
    case "stopping":
      return "stopping";
    case "ended":
      return endings[phase.reason];
    default:
      return assertNever(phase);
  }
}

const creating: Record<CreateStep | "limits", string> = {
  limits: "checking your limits",
  image: "preparing image",
  queued: "waiting for a machine",
  starting: "starting",
};

/** A wait this short is not worth showing a time. */
const SHORT_MS = 3000;

const elapsed = (since: number | undefined, now: number): string =>
  since === undefined || now - since < SHORT_MS ? "" : ` · ${formatElapsed(now - since)}`;

const endings: Record<EndReason, string> = {
  finished: "ended",
  failed: "failed",
  terminated: "terminated",
  timeout: "ended · lifetime reached",
  idle: "ended · idle limit reached",
  lost: "ended · lost by Modal",
};
