import { formatEstimate, formatDuration, formatHourlyRate, formatUptime } from "../../base/format";
import { formatGpu } from "../../modal/gpus";
import { costOf, hourlyRate } from "../../sandboxes/cost";
import { describeSandbox } from "../../sandboxes/describe";
import { isRunning, sandboxIdOf, type Sandbox, type SandboxPhase } from "../../sandboxes/sandbox";
import { joined, spinner, type Detail, type Row, type RowContext, type RowIcon } from "./row";

export function sandboxRow(sandbox: Sandbox, { now, isLocal }: RowContext): Row {
  const { label, state, spoken } = describeSandbox(sandbox, now);
  const price = isRunning(sandbox) && !isLocal ? formatHourlyRate(hourlyRate(sandbox)) : undefined;
  const place = isLocal ? "local" : undefined;
  return {
    label,
    description: joined(state, price, place),
    icon: iconOf(sandbox.phase),
    contextValue: flagsOf(sandbox).join(" "),
    spoken: [spoken, price?.replace("/h", " per hour"), place].filter(Boolean).join(", "),
  };
}

export function sandboxDetails(sandbox: Sandbox, { now, isLocal }: RowContext): Detail[] {
  const { phase } = sandbox;
  const details: Partial<Record<string, string>> = {
    ID: sandboxIdOf(sandbox),
    Name: sandbox.name === sandboxIdOf(sandbox) ? undefined : sandbox.name,
    State: describeSandbox(sandbox, now).state,
    GPU: sandbox.gpu ? formatGpu(sandbox.gpu) : "none",
    CPU: sandbox.cpu === undefined ? undefined : `${sandbox.cpu} ${sandbox.cpu === 1 ? "core" : "cores"}`,
    Memory: sandbox.memoryMiB === undefined ? undefined : formatMemory(sandbox.memoryMiB),
    Image: sandbox.image,
    Region: sandbox.regions.length > 0 ? sandbox.regions.join(", ") : undefined,
    ...(phase.kind === "running" && {
      "Ends in": sandbox.timeoutMs > 0 ? timeLeft(phase.startedAt + sandbox.timeoutMs - now) : undefined,
      "Idle limit": sandbox.idleTimeoutMs === undefined ? undefined : formatDuration(sandbox.idleTimeoutMs),
      "Cost so far": isLocal
        ? "none, it runs on this machine"
        : `${formatEstimate(costOf(sandbox, now - phase.startedAt))} at ${formatHourlyRate(hourlyRate(sandbox))}`,
    }),
  };
  return Object.entries(details).flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }]));
}

function iconOf(phase: SandboxPhase): RowIcon {
  switch (phase.kind) {
    case "creating":
    case "stopping":
      return spinner;
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
    ...(hasId && phase.kind !== "stopping" ? ["terminable"] : []),
    ...(phase.kind === "running" && phase.tunnels.length > 0 ? ["tunnels"] : []),
  ];
}

const formatMemory = (mib: number) => (mib >= 1024 ? `${Number((mib / 1024).toFixed(1))} GiB` : `${mib} MiB`);

const timeLeft = (ms: number) => (ms > 0 ? formatUptime(ms) : "moments");
