import { formatGpu } from "../../modal/gpus";
import type { RateSource } from "../../modal/rates";
import { describeStep } from "../../sandboxes/describe";
import { resolveSpec } from "../../sandboxes/spec/resolveSpec";
import type { RunningSandbox } from "../../sandboxes/sandbox";
import type { SandboxService } from "../../sandboxes/sandboxService";
import { askDefinition } from "../pickers/createSteps";
import { pricing } from "../pickers/gpuPicker";
import type { SpecSources } from "../pickers/reviewLines";
import { withProgress } from "../progress";
import { defaultGpus, settingsDefinition } from "../settings";
import { pickFolder } from "../pickers/folders";
import type { CommandTable } from "../commands/register";
import { saveAsNamedSpec } from "./specs";

export interface CreateDependencies {
  readonly sandboxes: SandboxService;
  readonly sources: SpecSources;
  readonly rates: RateSource;
}

export function createCommands(dependencies: CreateDependencies): CommandTable {
  return {
    "modalSandboxes.createSandbox": () => createSandbox(dependencies),
  };
}

/** Asks what to create, then creates it. Returns `undefined` if the user dismissed it. */
async function createSandbox({ sandboxes, sources, rates }: CreateDependencies): Promise<RunningSandbox | undefined> {
  const folder = await pickFolder();
  if (!folder) return undefined;
  const initial = settingsDefinition(defaultGpus()[0]);
  const definition = await askDefinition({
    initial,
    folder: folder.path,
    save: saveAsNamedSpec,
    pricing: pricing(rates),
    ...sources,
  });
  if (!definition) return undefined;

  const spec = await resolveSpec(definition, folder.path);
  return withProgress(`Creating ${formatGpu(spec.gpu)} sandbox`, async (report, signal) =>
    sandboxes.create(
      {
        spec,
        folder: folder.path,
        onDidEnterStep: (step) => report(describeStep(step, spec)),
      },
      signal,
    ),
  );
}
