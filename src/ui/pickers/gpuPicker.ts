import type { RateSource } from "../../modal/rates";
import type { Billable } from "../../sandboxes/costs/cost";
import type { SpecDefinition } from "../../sandboxes/spec/specDefinition";
import { namedDefinition, settingsDefinition, usesLocalBackend } from "../settings";
import type { BrokenSpec } from "./brokenSpec";
import { specLine, type Choice, type GpuLine, type Pricing } from "./gpuItems";
import { askGpu } from "./pickOneGpu";
import { pickSeveralGpus } from "./pickSeveralGpus";
import { specRows } from "./specRows";

/** Asks for GPUs and named specs, one for each sandbox. Returns `undefined` if the user dismissed it. */
export function pickChoices(
  title: string,
  selected: readonly Choice[],
  rates: RateSource,
): Promise<Choice[] | undefined> {
  const prices = pricing(rates);
  return pickSeveralGpus(title, selected, prices, specLines(prices));
}

/** Asks for a sandbox's GPU. "CPU only" is a choice without a GPU; `undefined` means that the user dismissed it. */
export async function pickGpu(title: string, sandbox: Billable, rates: RateSource): Promise<Choice | undefined> {
  const answer = await askGpu({ title, hasBack: false }, { gpu: sandbox.gpu }, pricing(rates, sandbox));
  return answer?.kind === "answered" ? answer.value : undefined;
}

/** Reads the definition of a choice from the settings. Throws a `UserError` if it is invalid. */
export const definitionOf = ({ gpu, spec }: Choice): SpecDefinition =>
  spec === undefined ? settingsDefinition(gpu) : namedDefinition(spec);

/** Returns what prices depend on, by default for a sandbox as the settings describe it. */
export const pricing = (rates: RateSource, base: Billable = settingsDefinition(undefined)): Pricing => ({
  base,
  rates: rates.current,
  isFree: usesLocalBackend(),
});

export const specLines = (prices: Pricing): (GpuLine | BrokenSpec)[] =>
  specRows((name, definition) => specLine(name, definition, prices));
