import { UserError } from "../../base/errors";
import type { RateSource } from "../../modal/rates";
import type { Billable } from "../../sandboxes/costs/cost";
import type { SpecDefinition } from "../../sandboxes/spec/specDefinition";
import { namedDefinition, settingsDefinition, usesLocalBackend, writtenSpecs } from "../settings";
import { brokenSpec, type BrokenSpec } from "./brokenSpec";
import { specLine, type Choice, type GpuLine, type Pricing } from "./gpuItems";
import { askGpu } from "./pickOneGpu";
import { pickSeveralGpus } from "./pickSeveralGpus";

/** The GPUs and named specs that the user chose, one sandbox each; `undefined` if the user went away. */
export function pickChoices(
  title: string,
  selected: readonly Choice[],
  rates: RateSource,
): Promise<Choice[] | undefined> {
  const prices = pricing(rates);
  return pickSeveralGpus(title, selected, prices, specLines(prices));
}

/** One GPU for a sandbox, or none of any kind as a choice of its own; `undefined` if the user went away. */
export async function pickGpu(title: string, sandbox: Billable, rates: RateSource): Promise<Choice | undefined> {
  const answer = await askGpu({ title, hasBack: false }, { gpu: sandbox.gpu }, pricing(rates, sandbox));
  return answer?.kind === "answered" ? answer.value : undefined;
}

/** What the settings say of a choice at this moment. Throws a sentence where that makes no sense. */
export const definitionOf = ({ gpu, spec }: Choice): SpecDefinition =>
  spec === undefined ? settingsDefinition(gpu) : namedDefinition(spec);

/** Prices of a sandbox, else of one as the settings describe it. */
export const pricing = (rates: RateSource, base: Billable = settingsDefinition(undefined)): Pricing => ({
  base,
  rates: rates.current,
  isFree: usesLocalBackend(),
});

/** A line for each named spec of the settings, be it one that makes no sense: the others still do. */
export const specLines = (prices: Pricing): (GpuLine | BrokenSpec)[] =>
  Object.keys(writtenSpecs()).map((name) => {
    try {
      return specLine(name, namedDefinition(name), prices);
    } catch (error) {
      if (error instanceof UserError) return brokenSpec(name, error);
      throw error;
    }
  });
