import { assertNever } from "../base/errors";
import { formatUptime } from "../base/format";
import { formatGpu } from "../modal/gpus";
import type { EndReason } from "../modal/rpc";
import type { CreateStep } from "../modal/sandboxes";
import type { SandboxSpec } from "../modal/spec";
import type { Sandbox, SandboxPhase } from "./sandbox";

/** The words that every surface uses for a sandbox. */
export interface Description {
  /** What it is: `T4`, `2 × H100`, `CPU`. */
  readonly label: string;
  /** Its state and age: `running · 12m`. */
  readonly state: string;
  /** For a screen reader: all of it in one line. */
  readonly spoken: string;
}

export function describeSandbox(sandbox: Sandbox, now: number): Description {
  const label = formatGpu(sandbox.gpu);
  const state = describePhase(sandbox.phase, now);
  return { label, state, spoken: `${label} sandbox ${sandbox.name}, ${state.replaceAll(" · ", ", ")}` };
}

/** What is being waited for while a sandbox is created. */
export const describeStep = (step: CreateStep, { gpu, image }: SandboxSpec): string =>
  step === "image" ? `Preparing the image ${image}` : `Waiting for ${gpu ? formatGpu(gpu) : "a machine"}`;

function describePhase(phase: SandboxPhase, now: number): string {
  switch (phase.kind) {
    case "creating":
      return phase.step === "image" ? "preparing image" : "waiting for a machine";
    case "running":
      return `running · ${formatUptime(now - phase.startedAt)}`;
    case "stopping":
      return "stopping";
    case "ended":
      return endings[phase.reason];
    default:
      return assertNever(phase);
  }
}

const endings: Record<EndReason, string> = {
  finished: "ended",
  failed: "failed",
  terminated: "terminated",
  timeout: "ended · lifetime reached",
  idle: "ended · idle limit reached",
  lost: "ended · lost by Modal",
};
