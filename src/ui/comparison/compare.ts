import { QuickPickItemKind, ThemeIcon, type QuickPickItem } from "vscode";
import { UserError } from "../../base/errors";
import { formatGpu } from "../../modal/gpus";
import { describeState } from "../../run/compare/comparison";
import { maskLine } from "../../run/output/maskSecrets";
import type { Run } from "../../run/run";
import type { RunRecord, RunRecords } from "../../run/runRecords";
import type { RunService } from "../../run/runService";
import { joinWords } from "../../run/target/words";
import type { Comparisons } from "./comparisons";
import { askPick, askTicks } from "../pickers/steps";
import type { TreeNode } from "../views/nodes";
import type { ComparisonSource } from "./comparisonPanel";
import type { CommandTable } from "../commands/register";

export interface CompareDependencies {
  readonly runs: Pick<RunService, "runs" | "past">;
  readonly records: Pick<RunRecords, "past">;
  readonly comparisons: () => Promise<Comparisons>;
}

/** A row of the sandboxes view or of the run history. */
type Chosen = TreeNode | RunRecord;

export const compareCommands = ({ runs, records, comparisons: load }: CompareDependencies): CommandTable => ({
  "modalSandboxes.compareRuns": async (node?: Chosen, nodes?: readonly Chosen[]) => {
    const comparisons = await load();
    const selected = (nodes ?? (node ? [node] : [])).flatMap((one) => {
      if ("target" in one) return [runs.past(one)];
      return one.kind === "run" ? runs.runs.filter(({ id }) => id === one.runId) : [];
    });
    if (selected.length > 1) {
      comparisons.compare(selected);
      return;
    }
    const group = selected.map((run) => comparisons.ofGroup(run)).find((source) => source !== undefined);
    if (group) {
      comparisons.open(group);
      return;
    }
    const past = (await records.past()).map((record) => runs.past(record));
    await pickComparison(comparisons, [...new Set([...past, ...runs.runs])], selected);
  },
});

const TITLE = "Compare Runs";

/** The number of runs that are offered, newest first. */
const MAX_RUNS = 200;

interface ComparisonLine extends QuickPickItem {
  readonly source?: ComparisonSource;
}

async function pickComparison(comparisons: Comparisons, runs: readonly Run[], ticked: readonly Run[]): Promise<void> {
  if (runs.length === 0) throw nothingToCompare();
  const known = ticked.length > 0 ? [] : comparisons.all;
  if (known.length > 0) {
    const items: readonly ComparisonLine[] = [
      ...known.map((source) => ({ label: source.title, description: source.note, source })),
      { label: "", kind: QuickPickItemKind.Separator },
      { iconPath: new ThemeIcon("checklist"), label: "Choose Runs…", description: "of this window and earlier ones" },
    ];
    const answer = await askPick({ title: TITLE, hasBack: false, placeholder: "Which comparison?", items });
    if (answer?.kind !== "answered") return;
    if (answer.value.source) {
      comparisons.open(answer.value.source);
      return;
    }
  }
  const answer = await askTicks({
    title: TITLE,
    hasBack: false,
    placeholder: "Select the runs to compare",
    items: runs.slice(-MAX_RUNS).reverse().map(runLine),
    isTicked: ({ run }) => ticked.some(({ id }) => id === run.id),
    mayBeEmpty: false,
  });
  if (answer?.kind === "answered") comparisons.compare(answer.value.map(({ run }) => run));
}

const runLine = (run: Run) => ({
  label: `${run.target.label} · ${formatGpu(run.gpu)}`,
  description: [maskLine(joinWords(run.target.args ?? [])), describeState(run.state)].filter(Boolean).join(" · "),
  iconPath: new ThemeIcon("server-process"),
  run,
});

const nothingToCompare = () =>
  new UserError("Nothing has run yet, so there is nothing to compare.", {
    actions: [{ title: "Run Current File on GPU…", command: "modalSandboxes.runFile" }],
  });
