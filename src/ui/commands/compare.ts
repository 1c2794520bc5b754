import { QuickPickItemKind, ThemeIcon, type QuickPickItem } from "vscode";
import { UserError } from "../../base/errors";
import { formatGpu } from "../../modal/gpus";
import { describeState } from "../../run/comparison";
import type { Run } from "../../run/run";
import type { RunService } from "../../run/runService";
import { joinWords } from "../../run/words";
import type { Comparisons } from "../comparisons";
import { askPick, askTicks } from "../pickers/steps";
import type { RunNode, TreeNode } from "../views/nodes";
import type { ComparisonSource } from "../views/comparisonPanel";
import type { CommandTable } from "./register";

export interface CompareDependencies {
  readonly runs: Pick<RunService, "runs">;
  readonly comparisons: () => Promise<Comparisons>;
}

export const compareCommands = (dependencies: CompareDependencies): CommandTable => ({
  "modalSandboxes.compareRuns": async (node?: RunNode, nodes?: readonly TreeNode[]) => {
    const comparisons = await dependencies.comparisons();
    const { runs } = dependencies.runs;
    const ids = new Set((nodes ?? (node ? [node] : [])).flatMap((one) => (one.kind === "run" ? [one.runId] : [])));
    const selected = runs.filter(({ id }) => ids.has(id));
    const [only] = selected;
    const group = selected.length === 1 && only ? comparisons.ofGroup(only) : undefined;
    if (group) comparisons.open(group);
    else if (selected.length > 1) comparisons.compare(selected);
    else await pickComparison(comparisons, runs, selected);
  },
});

const TITLE = "Compare Runs";

/** How many runs are offered, newest first. */
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
      { label: "$(checklist) Choose Runs…", description: "any of this window" },
    ];
    const answer = await askPick({ title: TITLE, hasBack: false, placeholder: "Which comparison?", items });
    if (answer?.kind !== "answered") return;
    if (answer.value.source) {
      comparisons.open(answer.value.source);
      return;
    }
  }
  const answer = await askTicks({
    ...{ title: TITLE, hasBack: false, placeholder: "Tick the runs to compare" },
    items: runs.slice(-MAX_RUNS).reverse().map(runLine),
    isTicked: ({ run }) => ticked.includes(run),
  });
  if (answer?.kind === "answered" && answer.value.length > 0) comparisons.compare(answer.value.map(({ run }) => run));
}

const runLine = (run: Run) => ({
  label: `${run.target.label} · ${formatGpu(run.gpu)}`,
  description: [joinWords(run.target.args ?? []), describeState(run.state)].filter(Boolean).join(" · "),
  iconPath: new ThemeIcon("server-process"),
  run,
});

const nothingToCompare = () =>
  new UserError("Nothing was run in this window yet, so there is nothing to compare.", {
    actions: [{ title: "Run Current File on GPU…", command: "modalSandboxes.runFile" }],
  });
