import { basename } from "node:path";
import { window, workspace } from "vscode";
import { formatDollars, formatHourlyRate } from "../../base/format";
import type { Clock, Logger, Memento } from "../../base/ports";
import { formatGpu, type GpuRequest } from "../../modal/gpus";
import type { RateSource } from "../../modal/rates";
import { parseArgumentFile, type ArgumentSet } from "../../run/argumentSets";
import type { RunService } from "../../run/runService";
import { Sweep, type SweepLimits } from "../../run/sweep";
import { SweepSandboxes } from "../../run/sweepSandboxes";
import { joinWords, splitWords } from "../../run/words";
import { hourlyRate } from "../../sandboxes/cost";
import type { SandboxService } from "../../sandboxes/sandboxService";
import type { SandboxStore } from "../../sandboxes/sandboxStore";
import type { SyncThread } from "../../sync/syncThread";
import type { Comparisons } from "../comparisons";
import { askArgumentSets } from "../pickers/argumentSetsStep";
import { pricing } from "../pickers/gpuPicker";
import { askGpu } from "../pickers/pickOneGpu";
import { askText, type Answer, type StepPlace } from "../pickers/steps";
import { defaultGpus, settingsDefinition, usesLocalBackend } from "../settings";
import type { CommandTable } from "./register";
import { documentToRun, runnableFile } from "./runnableFile";
import { requestFor } from "./runStarter";

export interface SweepDependencies {
  readonly runs: RunService;
  readonly sandboxes: SandboxService;
  readonly store: SandboxStore;
  readonly thread: SyncThread;
  readonly state: Memento;
  readonly rates: RateSource;
  readonly clock: Clock;
  readonly log: Logger;
  readonly comparisons: () => Promise<Comparisons>;
}

interface Plan extends SweepLimits {
  readonly sets: readonly ArgumentSet[];
  readonly gpu: GpuRequest | undefined;
}

export const sweepCommands = (dependencies: SweepDependencies): CommandTable => ({
  "modalSandboxes.sweepFile": async (uri?: unknown) => {
    const { runs, sandboxes, store, thread, state, rates, clock, log } = dependencies;
    const runnable = await runnableFile(await documentToRun(uri), thread);
    if (!runnable) return;
    const plan = await askPlan(`Sweep ${runnable.label}`, rememberedSets(state), rates);
    if (!plan) return;
    await state.update(SETS, plan.sets.map(joinWords));

    const { specs, ...request } = await requestFor(runnable, [{ gpu: plan.gpu }]);
    const [spec] = specs;
    if (!spec) return;
    const comparisons = await dependencies.comparisons();
    const lanes = new SweepSandboxes({ runs, sandboxes, store, rates, clock, log, request, spec });
    const sweep = new Sweep(plan.sets, plan, lanes, clock);
    comparisons.addSweep(sweep, { target: request.target, gpu: plan.gpu });
    await sweep.over;
    lanes.dispose();
  },
});

const SETS = "modalSandboxes.sweepSets";

function rememberedSets(state: Memento): ArgumentSet[] {
  const stored = state.get(SETS);
  return Array.isArray(stored) ? stored.flatMap((line) => (typeof line === "string" ? [splitWords(line)] : [])) : [];
}

type Step = (plan: Plan, place: StepPlace) => Promise<Answer<Plan>>;

/** Asks one after the other; `undefined` if the user went away. */
async function askPlan(title: string, sets: readonly ArgumentSet[], rates: RateSource): Promise<Plan | undefined> {
  const steps: readonly Step[] = [setsStep, gpuStep(rates), parallelStep(rates), limitStep(rates)];
  let plan: Plan = { sets, gpu: defaultGpus()[0], parallel: DEFAULT_PARALLEL, dollars: undefined };
  let at = 0;
  for (let step = steps[at]; step; step = steps[at]) {
    const answer = await step(plan, { title, step: at + 1, totalSteps: steps.length, hasBack: at > 0 });
    if (!answer) return undefined;
    if (answer.kind === "answered") plan = answer.value;
    at += answer.kind === "back" ? -1 : 1;
  }
  return plan;
}

const DEFAULT_PARALLEL = 4;
const MAX_PARALLEL = 100;

const setsStep: Step = async (plan, place) => {
  const answer = await askArgumentSets({ ...place, initial: plan.sets, fromFile: openArgumentFile });
  return mapped(answer, (sets) => ({ ...plan, sets }));
};

const gpuStep =
  (rates: RateSource): Step =>
  async (plan, place) =>
    mapped(await askGpu(place, plan.gpu, pricing(rates)), (gpu) => ({ ...plan, gpu }));

const parallelStep =
  (rates: RateSource): Step =>
  async (plan, place) => {
    const answer = await askText({
      ...place,
      prompt: `Sandboxes at once, each ${priceOf(plan, rates)}`,
      value: String(Math.min(plan.parallel, plan.sets.length)),
      complaint: (text) =>
        /^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= MAX_PARALLEL
          ? undefined
          : `A number from 1 to ${MAX_PARALLEL}`,
    });
    return mapped(answer, (text) => ({ ...plan, parallel: Number(text) }));
  };

const limitStep =
  (rates: RateSource): Step =>
  async (plan, place) => {
    const minute = rateOf(plan, rates) / 60;
    const count = Math.min(plan.parallel, plan.sets.length);
    const answer = await askText({
      ...place,
      prompt: `US dollars after which no further set is started; empty for no limit. ${count} × ${formatGpu(plan.gpu)}: ${priceOf(plan, rates, count)}`,
      placeholder: "2.50",
      value: plan.dollars === undefined ? "" : String(plan.dollars),
      complaint: (text) => {
        if (text === "") return undefined;
        if (!/^\$?\d+(\.\d+)?$/.test(text)) return "An amount such as 2.50";
        return dollarsIn(text) > minute ? undefined : `More than a minute costs, which is ${formatDollars(minute)}`;
      },
    });
    return mapped(answer, (text) => ({ ...plan, dollars: text === "" ? undefined : dollarsIn(text) }));
  };

const rateOf = ({ gpu }: Plan, rates: RateSource): number => hourlyRate(settingsDefinition(gpu), rates.current);

const priceOf = (plan: Plan, rates: RateSource, count = 1): string =>
  formatHourlyRate(rateOf(plan, rates) * count) + (usesLocalBackend() ? " on Modal, free here" : "");

const dollarsIn = (text: string): number => Number(text.replace("$", ""));

function mapped<T>(answer: Answer<T>, then: (value: T) => Plan): Answer<Plan> {
  return answer?.kind === "answered" ? { kind: "answered", value: then(answer.value) } : answer;
}

async function openArgumentFile(): Promise<ArgumentSet[] | undefined> {
  const [folder] = workspace.workspaceFolders ?? [];
  const [file] =
    (await window.showOpenDialog({
      title: "Argument Sets",
      openLabel: "Use",
      filters: { "Argument sets": ["csv", "json", "txt"], "All files": ["*"] },
      ...(folder && { defaultUri: folder.uri }),
    })) ?? [];
  if (!file) return undefined;
  return parseArgumentFile(basename(file.path), Buffer.from(await workspace.fs.readFile(file)).toString());
}
