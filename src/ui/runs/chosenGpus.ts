import type { Memento } from "../../base/ports";
import { gpuArgument, parseGpu } from "../../modal/gpus";
import type { NamedSpec } from "../../run/runRequest";
import { resolveSpec } from "../../sandboxes/spec/resolveSpec";
import type { Choice } from "../pickers/gpuItems";
import { definitionOf } from "../pickers/gpuPicker";
import { defaultGpus, writtenSpecs } from "../settings";

const CHOSEN_GPUS = "modalSandboxes.chosenGpus";

/** The stored forms of a sandbox without a GPU, and of a named spec. */
const CPU = "cpu";
const SPEC = "spec:";

/** Returns the last choices, or else those of the settings. */
export function rememberedChoices(state: Memento): Choice[] {
  const stored = state.get(CHOSEN_GPUS);
  if (!Array.isArray(stored)) return defaultGpus().map((gpu) => ({ gpu }));
  return stored.flatMap((text) => (typeof text === "string" ? choiceOf(text) : []));
}

export const rememberChoices = (state: Memento, choices: readonly Choice[]): PromiseLike<void> =>
  state.update(CHOSEN_GPUS, choices.map(remembered));

/** Resolves the choices with the current settings and the folder's files. */
export function specsOf(choices: readonly Choice[], folder: string | undefined): Promise<NamedSpec[]> {
  return Promise.all(
    choices.map(async (choice) => ({
      ...(await resolveSpec(definitionOf(choice), folder)),
      ...(choice.spec !== undefined && { specName: choice.spec }),
    })),
  );
}

const remembered = ({ gpu, spec }: Choice): string => {
  if (spec !== undefined) return SPEC + spec;
  return gpu ? gpuArgument(gpu) : CPU;
};

function choiceOf(text: string): Choice[] {
  if (text === CPU) return [{ gpu: undefined }];
  const spec = text.startsWith(SPEC) ? text.slice(SPEC.length) : undefined;
  if (spec !== undefined) return spec in writtenSpecs() ? [{ gpu: undefined, spec }] : [];
  const gpu = parseGpu(text);
  return gpu ? [{ gpu }] : [];
}
