import { formatEstimate, formatDuration, formatHourlyRate, formatUptime } from "../../base/format";
import { formatGpu } from "../../modal/gpus";
import { costOf, hourlyRate } from "../../sandboxes/cost";
import { describeSandbox } from "../../sandboxes/describe";
import {
  isRunning,
  sandboxIdOf,
  timeLeftMs,
  type Holder,
  type Sandbox,
  type SandboxPhase,
} from "../../sandboxes/sandbox";
import { joined, spinner, type Detail, type Row, type RowContext, type RowIcon } from "./row";

export function sandboxRow(sandbox: Sandbox, { now, isLocal, rates }: RowContext): Row {
  const { label, state, spoken } = describeSandbox(sandbox, now);
  const price = isRunning(sandbox) && !isLocal ? formatHourlyRate(hourlyRate(sandbox, rates)) : undefined;
  const place = isLocal ? "local" : undefined;
  return {
    label,
    description: joined(state, endsSoon(sandbox, now), price, place),
    icon: iconOf(sandbox.phase),
    contextValue: flagsOf(sandbox).join(" "),
    spoken: [spoken, price?.replace("/h", " per hour"), place].filter(Boolean).join(", "),
  };
}

export function sandboxDetails(sandbox: Sandbox, { now, isLocal, rates }: RowContext): Detail[] {
  const { phase } = sandbox;
  const details: Partial<Record<string, string>> = {
    ID: sandboxIdOf(sandbox),
    Name: sandbox.name === sandboxIdOf(sandbox) ? undefined : sandbox.name,
    State: describeSandbox(sandbox, now).state,
    GPU: sandbox.gpu ? formatGpu(sandbox.gpu) : "none",
    Given: sandbox.givenGpu?.text,
    CPU: sandbox.cpu === undefined ? undefined : `${sandbox.cpu} ${sandbox.cpu === 1 ? "core" : "cores"}`,
    Memory: sandbox.memoryMiB === undefined ? undefined : formatMemory(sandbox.memoryMiB),
    Image: sandbox.image,
    "Held by": holders[sandbox.holder],
    Region: sandbox.regions.length > 0 ? sandbox.regions.join(", ") : undefined,
    ...(phase.kind === "running" && {
      "Ends in": sandbox.timeoutMs > 0 ? timeLeft(phase.startedAt + sandbox.timeoutMs - now) : undefined,
      "Idle limit": sandbox.idleTimeoutMs === undefined ? undefined : formatDuration(sandbox.idleTimeoutMs),
      "Cost so far": isLocal
        ? "none, it runs on this machine"
        : `${formatEstimate(costOf(sandbox, now - phase.startedAt, rates))} at ${formatHourlyRate(hourlyRate(sandbox, rates))}`,
    }),
  };
  return Object.entries(details).flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }]));
}

const holders: Record<Holder, string | undefined> = {
  thisWindow: undefined,
  otherWindow: "another window",
  nobody: "no window",
  elsewhere: "somebody elsewhere",
};

/** So near its end that it is worth a look. */
const SOON_MS = 15 * 60_000;

function endsSoon(sandbox: Sandbox, now: number): string | undefined {
  const leftMs = isRunning(sandbox) ? timeLeftMs(sandbox, now) : undefined;
  const isSoon = leftMs !== undefined && leftMs < SOON_MS && sandbox.timeoutMs > SOON_MS;
  return isSoon ? `ends in ${timeLeft(leftMs)}` : undefined;
}

function iconOf(phase: SandboxPhase): RowIcon {
  switch (phase.kind) {
    case "creating":
    case "pausing":
    case "stopping":
      return spinner;
    case "paused":
      return { id: "debug-pause", color: "charts.yellow" };
    case "running":
      return { id: "vm-running", color: "charts.green" };
    case "ended":
      return phase.reason === "failed" || phase.reason === "lost"
        ? { id: "error", color: "list.errorForeground" }
        : { id: "vm-outline", color: "disabledForeground" };
  }
}

function flagsOf(sandbox: Sandbox): string[] {
  const { phase } = sandbox;
  const hasId = sandboxIdOf(sandbox) !== undefined;
  return [
    "sandbox",
    phase.kind,
    ...(hasId ? ["id"] : []),
    ...(hasId && phase.kind !== "stopping" && phase.kind !== "pausing" ? ["terminable"] : []),
    ...(phase.kind === "running" && phase.tunnels.length > 0 ? ["tunnels"] : []),
  ];
}

const formatMemory = (mib: number) => (mib >= 1024 ? `${Number((mib / 1024).toFixed(1))} GiB` : `${mib} MiB`);

const timeLeft = (ms: number) => (ms > 0 ? formatUptime(ms) : "moments");
