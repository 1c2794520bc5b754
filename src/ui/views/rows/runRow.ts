import { messageOf } from "../../../base/errors";
import { formatDollars, formatDuration, formatEstimate, formatHourlyRate, formatUptime } from "../../../base/format";
import { formatGpu } from "../../../modal/gpus";
import type { Run, RunState } from "../../../run/run";
import { outcomeOf, outcomeText, type RunOutcome } from "../../../run/runOutcome";
import { joined, spinner, type Detail, type Row, type RowContext, type RowIcon } from "./row";

export function runRow({ target, state }: Pick<Run, "target" | "state">, context: RowContext): Row {
  const description = describeState(state, context);
  return {
    label: target.label,
    description,
    icon: iconOf(state),
    contextValue: `run ${state.kind}`,
    spoken: `Run of ${target.label}, ${description.replaceAll(" · ", ", ")}`,
  };
}

export function runDetails(
  { target, gpu, state }: Pick<Run, "target" | "gpu" | "state">,
  context: RowContext,
): Detail[] {
  return [
    ...(target.file
      ? [{ name: "File", value: target.file.kind === "loose" ? target.file.name : target.file.path }]
      : []),
    { name: "Runs with", value: target.program },
    { name: "On", value: formatGpu(gpu) },
    { name: "State", value: describeState(state, context) },
    ...(context.isLocal ? [] : costOf(state, context.now)),
    ...(state.kind === "failed" ? [{ name: "Reason", value: messageOf(state.error) }] : []),
  ];
}

function costOf(state: RunState, now: number): Detail[] {
  if (state.kind === "ended") return [{ name: "Cost", value: formatEstimate(state.dollars) }];
  if (state.kind !== "running") return [];
  const dollars = (state.dollarsPerHour * (now - state.startedAt)) / HOUR_MS;
  return [{ name: "Cost so far", value: `${formatEstimate(dollars)} at ${formatHourlyRate(state.dollarsPerHour)}` }];
}

const HOUR_MS = 3_600_000;

function describeState(state: RunState, { now, isLocal }: RowContext): string {
  switch (state.kind) {
    case "preparing":
      return lowerFirst(state.step);
    case "running":
      return joined("running", formatUptime(now - state.startedAt));
    case "ended":
      return joined(
        outcomeText(state),
        formatDuration(state.endedAt - state.startedAt),
        isLocal ? undefined : formatDollars(state.dollars),
      );
    case "failed":
      return "failed";
    case "canceled":
      return "canceled";
  }
}

function iconOf(state: RunState): RowIcon {
  switch (state.kind) {
    case "preparing":
      return spinner;
    case "running":
      return { id: "play", color: "charts.green" };
    case "ended":
      return outcomeIcons[outcomeOf(state)];
    case "failed":
      return { id: "error", color: "testing.iconFailed" };
    case "canceled":
      return stopped;
  }
}

const stopped: RowIcon = { id: "circle-slash", color: "disabledForeground" };

export const outcomeIcons: Record<RunOutcome, RowIcon> = {
  done: { id: "pass", color: "testing.iconPassed" },
  failed: { id: "error", color: "testing.iconFailed" },
  interrupted: stopped,
  terminated: stopped,
};

const lowerFirst = (text: string) => text.charAt(0).toLowerCase() + text.slice(1);
