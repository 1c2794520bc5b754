import { basename } from "node:path";
import { window, workspace } from "vscode";
import { formatDollars, formatHourlyRate } from "../../base/format";
import type { RateSource } from "../../modal/rates";
import { parseArgumentFile, type ArgumentSet } from "../../run/target/argumentSets";
import type { SweepLimits } from "../../run/sweep/sweep";
import { hourlyRate } from "../../sandboxes/costs/cost";
import { defaultGpus, usesLocalBackend } from "../settings";
import { askArgumentSets } from "./argumentSetsStep";
import { nameOf, type Choice } from "./gpuItems";
import { definitionOf, pricing, specLines } from "./gpuPicker";
import { askGpu } from "./pickOneGpu";
import { askText, type Answer, type StepPlace } from "./steps";

/** The user's answers about a sweep. */
export interface SweepWish extends SweepLimits {
  readonly sets: readonly ArgumentSet[];
  readonly choice: Choice;
}

/** Asks about a sweep step by step. Returns `undefined` if the user dismissed it. */
export async function askSweep(
  title: string,
  sets: readonly ArgumentSet[],
  rates: RateSource,
): Promise<SweepWish | undefined> {
  const steps: readonly Step[] = [setsStep, gpuStep(rates), parallelStep(rates), limitStep(rates)];
  let wish: SweepWish = { sets, choice: { gpu: defaultGpus()[0] }, parallel: DEFAULT_PARALLEL, dollars: undefined };
  let at = 0;
  for (let step = steps[at]; step; step = steps[at]) {
    const answer = await step(wish, { title, step: at + 1, totalSteps: steps.length, hasBack: at > 0 });
    if (!answer) return undefined;
    if (answer.kind === "answered") wish = answer.value;
    at += answer.kind === "back" ? -1 : 1;
  }
  return wish;
}

type Step = (wish: SweepWish, place: StepPlace) => Promise<Answer<SweepWish>>;

const DEFAULT_PARALLEL = 4;
const MAX_PARALLEL = 100;

const setsStep: Step = async (wish, place) => {
  const answer = await askArgumentSets({ ...place, initial: wish.sets, fromFile: openArgumentFile });
  return mapped(answer, (sets) => ({ ...wish, sets }));
};

const gpuStep =
  (rates: RateSource): Step =>
  async (wish, place) => {
    const prices = pricing(rates);
    return mapped(await askGpu(place, wish.choice, prices, specLines(prices)), (choice) => ({ ...wish, choice }));
  };

const parallelStep =
  (rates: RateSource): Step =>
  async (wish, place) => {
    const answer = await askText({
      ...place,
      prompt: `How many sandboxes may run at the same time? Each costs ${priceOf(wish, rates)}.`,
      value: String(Math.min(wish.parallel, wish.sets.length)),
      complaint: (text) =>
        /^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= MAX_PARALLEL
          ? undefined
          : `Enter a number from 1 to ${MAX_PARALLEL}`,
    });
    return mapped(answer, (text) => ({ ...wish, parallel: Number(text) }));
  };

const limitStep =
  (rates: RateSource): Step =>
  async (wish, place) => {
    const minute = rateOf(wish, rates) / 60;
    const count = Math.min(wish.parallel, wish.sets.length);
    const answer = await askText({
      ...place,
      prompt: `Start no more sets after this many US dollars. Leave it empty for no limit. ${count} × ${nameOf(wish.choice)}: ${priceOf(wish, rates, count)}`,
      placeholder: "2.50",
      value: wish.dollars === undefined ? "" : String(wish.dollars),
      complaint: (text) => {
        if (text === "") return undefined;
        if (!/^\$?\d+(\.\d+)?$/.test(text)) return "Enter an amount such as 2.50";
        return dollarsIn(text) > minute
          ? undefined
          : `Enter more than the price of one minute, ${formatDollars(minute)}`;
      },
    });
    return mapped(answer, (text) => ({ ...wish, dollars: text === "" ? undefined : dollarsIn(text) }));
  };

const rateOf = ({ choice }: SweepWish, rates: RateSource): number => hourlyRate(definitionOf(choice), rates.current);

const priceOf = (wish: SweepWish, rates: RateSource, count = 1): string =>
  formatHourlyRate(rateOf(wish, rates) * count) + (usesLocalBackend() ? " on Modal, free here" : "");

const dollarsIn = (text: string): number => Number(text.replace("$", ""));

function mapped<T>(answer: Answer<T>, then: (value: T) => SweepWish): Answer<SweepWish> {
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
