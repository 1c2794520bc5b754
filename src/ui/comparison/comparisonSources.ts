import { DisposableStore, type Disposable } from "../../base/disposable";
import { Emitter } from "../../base/event";
import { formatDollars, plural } from "../../base/format";
import { formatGpu, type GpuRequest } from "../../modal/gpus";
import type { ComparedRun } from "../../run/compare/comparison";
import { isFinished, type Run } from "../../run/run";
import { outcomeOf } from "../../run/runOutcome";
import type { Sweep } from "../../run/sweep/sweep";
import type { RunTarget } from "../../run/target/target";
import type { TrackedRuns } from "../../run/trackedRuns";
import type { ComparisonSource } from "./comparisonPanel";

type Tracked = Pick<TrackedRuns, "of" | "onDidChangeTracked">;

/** Compares runs that were picked, or that were started together and may be joined by more. */
export function comparisonOf(runsOf: () => readonly Run[], tracked: Tracked): ComparisonSource & Disposable {
  const own = new DisposableStore();
  const changed = own.add(new Emitter<void>());
  own.add(
    tracked.onDidChangeTracked((run) => {
      if (runsOf().includes(run)) changed.fire();
    }),
  );
  return {
    title: [...new Set(runsOf().map(({ target }) => target.label))].join(", "),
    get runs() {
      return runsOf().map((run) => tracked.of(run));
    },
    get note() {
      return progressOf(this.runs, "run");
    },
    get isLive() {
      return runsOf().some(({ state }) => !isFinished(state));
    },
    onDidChange: changed.event,
    runOf: (runId) => runsOf().find(({ id }) => id === runId),
    dispose: () => own.dispose(),
  };
}

export interface SweepSubject {
  readonly target: RunTarget;
  readonly gpu: GpuRequest | undefined;
}

/** Compares the argument sets of a sweep, including those that are waiting. */
export function comparisonOfSweep(
  sweep: Sweep<Run>,
  { target, gpu }: SweepSubject,
  tracked: Tracked,
): ComparisonSource & Disposable {
  const own = new DisposableStore();
  const changed = own.add(new Emitter<void>());
  own.add(sweep.onDidChangeSweep(() => changed.fire()));
  own.add(
    tracked.onDidChangeTracked((run) => {
      if (sweep.entries.some((entry) => entry.run === run)) changed.fire();
    }),
  );
  const { label, args = [] } = target;
  return {
    title: `Sweep of ${label}`,
    get runs() {
      return sweep.entries.map(({ args: set, run, skipped }, index): ComparedRun => {
        const id = String(index);
        if (run) return { ...tracked.of(run), id };
        return {
          id,
          runId: undefined,
          label,
          args: [...args, ...set],
          gpu,
          queuedAt: undefined,
          peak: undefined,
          state: skipped === undefined ? { kind: "waiting" } : { kind: "skipped", reason: skipped },
          utilization: [],
          values: new Map<string, number>(),
        };
      });
    },
    get note() {
      const { dollars } = sweep.limits;
      const of = dollars === undefined ? "" : ` of ${formatDollars(dollars)}`;
      return `${formatGpu(gpu)} · ${progressOf(this.runs, "argument set")} · ${formatDollars(sweep.spent)}${of}`;
    },
    get isLive() {
      return !sweep.isFinished;
    },
    onDidChange: changed.event,
    runOf: (runId) => sweep.entries.find(({ run }) => run?.id === runId)?.run,
    stop: () => sweep.stop(),
    dispose: () => own.dispose(),
  };
}

/** Counts the runs by state: `5 runs · 2 done, 1 failed, 2 running`. */
function progressOf(runs: readonly ComparedRun[], what: string): string {
  const counts = new Map<string, number>();
  for (const { state } of runs) counts.set(wordOf(state), (counts.get(wordOf(state)) ?? 0) + 1);
  const words = WORDS.flatMap((word) => (counts.has(word) ? [`${counts.get(word) ?? 0} ${word}`] : []));
  return `${plural(runs.length, what)} · ${words.join(", ")}`;
}

const WORDS = [
  "done",
  "failed",
  "interrupted",
  "terminated",
  "canceled",
  "running",
  "starting",
  "waiting",
  "not started",
] as const;

function wordOf(state: ComparedRun["state"]): (typeof WORDS)[number] {
  switch (state.kind) {
    case "ended":
      return outcomeOf(state);
    case "preparing":
      return "starting";
    case "skipped":
      return "not started";
    default:
      return state.kind;
  }
}
