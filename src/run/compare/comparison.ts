import { assertNever, messageOf } from "../../base/errors";
import { formatBytes, formatDollars, formatDuration } from "../../base/format";
import { formatGpu, type GpuRequest } from "../../modal/gpus";
import type { GpuPeak } from "../../sandboxes/metrics/metricHistory";
import type { RunState } from "../run";
import { outcomeOf, outcomeText, type RunOutcome } from "../runOutcome";
import { maskLine } from "../output/maskSecrets";
import { joinWords } from "../target/words";

/** A run and its results, or an argument set of a sweep that has not run. */
export interface ComparedRun {
  /** Stays the same when an argument set becomes a run. */
  readonly id: string;
  /** Absent until the argument set has become a run. */
  readonly runId: string | undefined;
  /** The program's name: `train.py`. */
  readonly label: string;
  readonly args: readonly string[];
  readonly gpu: GpuRequest | undefined;
  readonly state: RunState | { readonly kind: "waiting" } | { readonly kind: "skipped"; readonly reason: string };
  /** In milliseconds since the epoch. `undefined` if an earlier window started the run. */
  readonly queuedAt: number | undefined;
  readonly peak: GpuPeak | undefined;
  /** The utilization of the busiest GPU in percent, oldest first. */
  readonly utilization: readonly number[];
  /** The last value of each name that the program reported. */
  readonly values: ReadonlyMap<string, number>;
  /** The folder of the outputs, relative to the synced folder, if they have one of their own. */
  readonly outputs?: string | undefined;
}

/** A table of runs, ready to be shown or written to a file. */
export interface Comparison {
  readonly columns: readonly Column[];
  readonly rows: readonly ComparisonRow[];
}

export interface Column {
  /** Identifies the same column in later comparisons. */
  readonly key: string;
  readonly title: string;
  /** The unit of the values, for files. The displayed strings include it. */
  readonly unit?: string;
  readonly isNumeric: boolean;
  /** True if its numbers are worth a chart. */
  readonly hasBars: boolean;
}

export interface ComparisonRow {
  readonly id: string;
  readonly runId: string | undefined;
  /** The properties that distinguish the run from the others. */
  readonly name: string;
  readonly tone: Tone;
  readonly cells: readonly Cell[];
  readonly utilization: readonly number[];
}

/** `value` is used for sorting and in files. `undefined` if the cell is empty. */
export interface Cell {
  readonly text: string;
  readonly value: number | string | undefined;
}

export type Tone = "quiet" | "active" | "good" | "bad";

export interface CompareOptions {
  readonly now: number;
  /** True on the local backend. Costs then are what Modal would charge. */
  readonly isFree: boolean;
}

interface ColumnOf extends Column {
  readonly cell: (run: ComparedRun) => Cell;
}

export function compare(runs: readonly ComparedRun[], { now, isFree }: CompareOptions): Comparison {
  const identities = identitiesOf(runs);
  const columns = [
    ...identities,
    ...costColumns(runs, { now, isFree }),
    ...reportColumns(runs),
    ...circumstanceColumns(runs, now),
  ];
  return {
    columns: columns.map(({ key, title, unit, isNumeric, hasBars }) => ({
      key,
      title,
      isNumeric,
      hasBars,
      ...(unit !== undefined && { unit }),
    })),
    rows: runs.map((run) => ({
      id: run.id,
      runId: run.runId,
      name: identities.map(({ cell }) => cell(run).text).join(" · "),
      tone: toneOf(run.state),
      cells: columns.map(({ cell }) => cell(run)),
      utilization: run.utilization,
    })),
  };
}

/** Returns the properties that differ between the runs, or the GPU if none do. */
function identitiesOf(runs: readonly ComparedRun[]): ColumnOf[] {
  const gpu = textColumn("gpu", "GPU", (run) => formatGpu(run.gpu));
  const all = [
    textColumn("label", "Run", ({ label }) => label),
    textColumn("args", "Arguments", ({ args }) => maskLine(joinWords(args)) || "none"),
    gpu,
  ];
  const differing = all.filter(({ cell }) => new Set(runs.map((run) => cell(run).text)).size > 1);
  return differing.length > 0 ? differing : [gpu];
}

function costColumns(runs: readonly ComparedRun[], { now, isFree }: CompareOptions): ColumnOf[] {
  const cheapest = Math.min(...runs.filter(isDone).map(({ state }) => dollarsOf(state, now) ?? Infinity));
  const relative = (run: ComparedRun): number | undefined => {
    const dollars = isDone(run) ? dollarsOf(run.state, now) : undefined;
    return dollars === undefined || cheapest <= 0 ? undefined : dollars / cheapest;
  };
  return [
    textColumn("state", "State", ({ state }) => describeState(state)),
    numberColumn({ key: "time", title: "Run time", unit: "s", hasBars: true }, seconds, ({ state }) =>
      runSeconds(state, now),
    ),
    numberColumn(
      { key: "cost", title: isFree ? "Cost on Modal" : "Cost", unit: "USD", hasBars: true },
      formatDollars,
      ({ state }) => dollarsOf(state, now),
    ),
    numberColumn({ key: "relative", title: "Vs. cheapest" }, times, relative),
  ];
}

function circumstanceColumns(runs: readonly ComparedRun[], now: number): ColumnOf[] {
  const peaks = [
    numberColumn({ key: "utilization", title: "Peak GPU use", unit: "%" }, percent, ({ peak }) => peak?.utilization),
    numberColumn(
      { key: "memory", title: "Peak GPU memory", unit: "bytes" },
      formatBytes,
      ({ peak }) => peak?.memoryBytes,
    ),
  ];
  return [
    ...peaks.filter(({ cell }) => runs.some((run) => cell(run).value !== undefined)),
    numberColumn({ key: "start", title: "Time to start", unit: "s" }, seconds, (run) => startSeconds(run, now)),
    numberColumn({ key: "exit", title: "Exit code" }, String, ({ state }) =>
      state.kind === "ended" ? state.exitCode : undefined,
    ),
    ...(runs.some(({ outputs }) => outputs !== undefined) ? [OUTPUTS] : []),
  ];
}

/** Returns a column for each name that any run reported. */
function reportColumns(runs: readonly ComparedRun[]): ColumnOf[] {
  const names = new Set(runs.flatMap(({ values }) => [...values.keys()]));
  return [...names].map((name) =>
    numberColumn({ key: `value ${name}`, title: name, hasBars: true }, shortNumber, ({ values }) => values.get(name)),
  );
}

/** Outputs arrive after the program has ended. */
const outputsOf = ({ outputs, state }: ComparedRun): string | undefined =>
  state.kind === "ended" ? outputs : undefined;

const OUTPUTS: ColumnOf = {
  key: "outputs",
  title: "Outputs",
  isNumeric: false,
  hasBars: false,
  cell: (run) => ({ text: outputsOf(run) ?? "", value: outputsOf(run) }),
};

const textColumn = (key: string, title: string, textOf: (run: ComparedRun) => string): ColumnOf => ({
  key,
  title,
  isNumeric: false,
  hasBars: false,
  cell: (run) => ({ text: textOf(run), value: textOf(run) }),
});

const numberColumn = (
  column: Omit<Column, "isNumeric" | "hasBars"> & { readonly hasBars?: boolean },
  format: (value: number) => string,
  valueOf: (run: ComparedRun) => number | undefined,
): ColumnOf => ({
  hasBars: false,
  ...column,
  isNumeric: true,
  cell: (run) => {
    const value = valueOf(run);
    return { text: value === undefined ? "" : format(value), value };
  },
});

const isDone = ({ state }: ComparedRun): boolean => state.kind === "ended" && outcomeOf(state) === "done";

function startSeconds({ state, queuedAt }: ComparedRun, now: number): number | undefined {
  if (queuedAt === undefined) return undefined;
  if (state.kind === "preparing") return (now - queuedAt) / 1000;
  return "startedAt" in state ? (state.startedAt - queuedAt) / 1000 : undefined;
}

function runSeconds(state: ComparedRun["state"], now: number): number | undefined {
  if (!("startedAt" in state)) return undefined;
  return ((state.kind === "ended" ? state.endedAt : now) - state.startedAt) / 1000;
}

const HOUR_S = 3600;

/** Returns the cost in US dollars, so far if the run is in progress. */
export function dollarsOf(state: ComparedRun["state"], now: number): number | undefined {
  if (state.kind === "ended") return state.dollars;
  return state.kind === "running" ? (state.dollarsPerHour * (runSeconds(state, now) ?? 0)) / HOUR_S : undefined;
}

/** Describes the state in words. */
export function describeState(state: ComparedRun["state"]): string {
  switch (state.kind) {
    case "waiting":
      return "Waiting";
    case "skipped":
      return `Not started: ${state.reason}`;
    case "preparing":
      return state.step;
    case "running":
      return "Running";
    case "ended":
      return capitalized(outcomeText(state));
    case "failed":
      return `Failed: ${messageOf(state.error)}`;
    case "canceled":
      return "Canceled";
    default:
      return assertNever(state);
  }
}

function toneOf(state: ComparedRun["state"]): Tone {
  if (state.kind === "running" || state.kind === "preparing") return "active";
  if (state.kind === "ended") return tones[outcomeOf(state)];
  return state.kind === "failed" ? "bad" : "quiet";
}

const tones: Record<RunOutcome, Tone> = { done: "good", failed: "bad", interrupted: "quiet", terminated: "quiet" };

const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const seconds = (value: number): string => formatDuration(value * 1000);

const percent = (value: number): string => `${Math.round(value)} %`;

const times = (value: number): string => `${value.toFixed(value < 9.95 ? 1 : 0)}×`;

/** Rounds to five significant digits, but keeps all digits of the integer part. */
function shortNumber(value: number): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value) || value === 0) return String(value);
  if (size >= 1e9 || size < 1e-4) return value.toExponential(3);
  return value.toLocaleString("en-US", size < 1e5 ? { maximumSignificantDigits: 5 } : { maximumFractionDigits: 0 });
}
