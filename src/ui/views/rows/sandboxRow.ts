import { formatDollars, formatDuration, formatEstimate, formatHourlyRate } from "../../../base/format";
import { formatGpu } from "../../../modal/gpus";
import type { Use } from "../../../sandboxes/metrics/activity";
import { describePrice, hourlyRate } from "../../../sandboxes/costs/cost";
import type { Spent } from "../../../sandboxes/costs/costMeter";
import { describeSandbox, describeUse, timeLeft } from "../../../sandboxes/describe";
import {
  isRunning,
  sandboxIdOf,
  timeLeftMs,
  type Holder,
  type RunningSandbox,
  type Sandbox,
  type SandboxPhase,
} from "../../../sandboxes/sandbox";
import { joined, spinner, type Detail, type Row, type RowContext, type RowIcon } from "./row";

export function sandboxRow(sandbox: Sandbox, { now, isLocal, rates, useOf }: RowContext): Row {
  const { label, state, spoken } = describeSandbox(sandbox, now);
  const price = isRunning(sandbox) && !isLocal ? formatHourlyRate(hourlyRate(sandbox, rates)) : undefined;
  const place = isLocal ? "local" : undefined;
  const idle = isRunning(sandbox) ? idleFor(useOf(sandbox)) : undefined;
  return {
    label,
    description: joined(state, endsSoon(sandbox, now), price, idle, place),
    icon: iconOf(sandbox.phase),
    contextValue: flagsOf(sandbox).join(" "),
    spoken: [spoken, price?.replace("/h", " per hour"), idle, place].filter(Boolean).join(", "),
  };
}

export function sandboxDetails(sandbox: Sandbox, context: RowContext): Detail[] {
  const { now } = context;
  const details: Partial<Record<string, string>> = {
    ID: sandboxIdOf(sandbox),
    Name: sandbox.name === sandboxIdOf(sandbox) ? undefined : sandbox.name,
    State: describeSandbox(sandbox, now).state,
    GPU: sandbox.gpu ? formatGpu(sandbox.gpu) : "none",
    "Actual GPU": sandbox.givenGpu?.text,
    CPU: sandbox.cpu === undefined ? undefined : `${sandbox.cpu} ${sandbox.cpu === 1 ? "core" : "cores"}`,
    Memory: sandbox.memoryMiB === undefined ? undefined : formatMemory(sandbox.memoryMiB),
    Image: sandbox.image,
    "Held by": holders[sandbox.holder],
    Region: sandbox.placement.length > 0 ? sandbox.placement.join(", ") : undefined,
    ...(isRunning(sandbox) && liveDetails(sandbox, context)),
  };
  return Object.entries(details).flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }]));
}

function liveDetails(sandbox: RunningSandbox, { now, isLocal, rates, useOf, spentOn }: RowContext) {
  const leftMs = timeLeftMs(sandbox, now);
  const use = useOf(sandbox);
  return {
    "Ends in": leftMs === undefined ? undefined : timeLeft(leftMs),
    "Idle limit": sandbox.idleTimeoutMs === undefined ? undefined : formatDuration(sandbox.idleTimeoutMs),
    Use: use && explainUse(use),
    "Cost so far": isLocal
      ? "none, because it runs on this machine"
      : `${explainSpent(spentOn(sandbox))}, at ${describePrice(sandbox, rates)}`,
  };
}

/** Modal does not report when a sandbox was last used, so this is only what this window knows. */
function explainUse(use: Use): string {
  if (use.kind === "usedElsewhere") return "something outside this window is using it: it has outlived its idle limit";
  if (use.kind === "busy") return "a program or a shell of this window is running";
  if (use.leftMs === undefined) return `${describeUse(use)} in this window`;
  return `${describeUse(use)} in this window; ends in about ${timeLeft(use.leftMs)} unless something uses it`;
}

const explainSpent = ({ dollars, isEstimate }: Spent): string =>
  isEstimate ? `${formatEstimate(dollars)} by time and rate` : `${formatDollars(dollars)} as metered by Modal`;

/** A shorter pause between two uses is not worth mentioning. */
const IDLE_MS = 60_000;

const idleFor = (use: Use | undefined): string | undefined =>
  use?.kind === "idle" && use.idleMs >= IDLE_MS ? describeUse(use) : undefined;

const holders: Record<Holder, string | undefined> = {
  thisWindow: undefined,
  otherWindow: "another window",
  nobody: "no window",
  elsewhere: "another machine or user",
};

/** A sandbox that ends sooner than this shows when it ends. */
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
