import { QuickPickItemKind, ThemeIcon, type QuickPickItem } from "vscode";
import { formatGpu } from "../../modal/gpus";
import { describePrice } from "../../sandboxes/costs/cost";
import type { SpecDefinition } from "../../sandboxes/spec/specDefinition";
import { namedDefinition } from "../settings";
import { isBroken, openSettingsOf, type BrokenSpec } from "./brokenSpec";
import { onModal, type GpuLine, type Pricing } from "./gpuItems";
import { specLines } from "./gpuPicker";
import { askImage, labelOf } from "./imageStep";
import { askGpu } from "./pickOneGpu";
import { reviewLines, type ReviewLine, type SpecSources } from "./reviewLines";
import { askPick, type Answer, type StepPlace } from "./steps";

type Step = (definition: SpecDefinition, place: StepPlace) => Promise<Answer<SpecDefinition>>;

export interface CreateStepsOptions extends SpecSources {
  /** The definition before the user has chosen anything. */
  readonly initial: SpecDefinition;
  readonly folder: string;
  readonly pricing: Pricing;
  /** Asks for a name and saves the definition under it. */
  readonly save: (definition: SpecDefinition) => Promise<void>;
}

const TITLE = "Create Sandbox";

/** Asks for a named spec, or for GPU, image and the other properties. Returns `undefined` if the user dismissed it. */
export async function askDefinition(options: CreateStepsOptions): Promise<SpecDefinition | undefined> {
  const named = specLines(options.pricing);
  if (named.length > 0) {
    const start = await askStart(named);
    if (!start) return undefined;
    if (isBroken(start)) {
      await openSettingsOf(start);
      return undefined;
    }
    if (start.spec !== undefined) return namedDefinition(start.spec);
  }

  const steps: readonly Step[] = [gpuStep(options), imageStep(options), reviewStep(options)];
  let definition = options.initial;
  let at = 0;
  for (let step = steps[at]; step; step = steps[at]) {
    const answer = await step(definition, { title: TITLE, step: at + 1, totalSteps: steps.length, hasBack: at > 0 });
    if (!answer) return undefined;
    if (answer.kind === "answered") definition = answer.value;
    at += answer.kind === "back" ? -1 : 1;
  }
  return definition;
}

const stepByStep = {
  iconPath: new ThemeIcon("list-ordered"),
  label: "Choose step by step…",
  description: "GPU, image and other options",
};

type StartLine = BrokenSpec | (QuickPickItem & { readonly spec?: string });

/** Asks for a named spec; the returned row has no `spec` if the user wants to choose step by step. */
async function askStart(named: readonly (GpuLine | BrokenSpec)[]): Promise<StartLine | undefined> {
  const items: readonly StartLine[] = [...named, stepByStep];
  const answer = await askPick({
    title: TITLE,
    placeholder: "Pick a named spec, or choose step by step",
    items,
    hasBack: false,
  });
  return answer?.kind === "answered" ? answer.value : undefined;
}

const gpuStep =
  ({ pricing }: CreateStepsOptions): Step =>
  async (definition, place) => {
    const answer = await askGpu(place, { gpu: definition.gpu }, pricing);
    return answer?.kind === "answered" ? { kind: "answered", value: { ...definition, gpu: answer.value.gpu } } : answer;
  };

const imageStep =
  ({ folder }: CreateStepsOptions): Step =>
  async (definition, place) => {
    const answer = await askImage(place, definition.image, folder);
    return answer?.kind === "answered" ? { kind: "answered", value: { ...definition, image: answer.value } } : answer;
  };

interface ActionLine extends QuickPickItem {
  readonly act: "create" | "save";
}

const reviewStep =
  (options: CreateStepsOptions): Step =>
  async (initial, place) => {
    let definition = initial;
    let active: string | undefined;
    for (;;) {
      const isActive = ({ label }: QuickPickItem) => label === active;
      const items = reviewItems(definition, options);
      const answer = await askPick({
        ...place,
        placeholder: "Create the sandbox, or change something first",
        items,
        isActive,
      });
      if (answer?.kind !== "answered") return answer;
      const line = answer.value;
      if ("act" in line && line.act === "create") return { kind: "answered", value: definition };
      if ("act" in line) await options.save(definition);
      if (!("edit" in line)) continue;
      active = line.label;
      const edited = await line.edit(definition, { title: `${TITLE}: ${line.label}`, hasBack: true });
      if (edited?.kind === "answered") definition = edited.value;
    }
  };

function reviewItems(
  definition: SpecDefinition,
  { pricing, ...sources }: CreateStepsOptions,
): readonly (QuickPickItem | ActionLine | ReviewLine)[] {
  const price = describePrice(definition, pricing.rates) + onModal(pricing);
  return [
    {
      iconPath: new ThemeIcon("check"),
      label: "Create",
      description: `${formatGpu(definition.gpu)} · ${labelOf(definition.image)} · ${price}`,
      act: "create",
    },
    { label: "advanced", kind: QuickPickItemKind.Separator },
    ...reviewLines(definition, sources),
    { label: "", kind: QuickPickItemKind.Separator },
    {
      iconPath: new ThemeIcon("save"),
      label: "Save as Named Spec…",
      description: "in the settings of this folder",
      act: "save",
    },
  ];
}
