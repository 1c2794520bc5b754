import { window } from "vscode";
import { formatGpu, type GpuRequest } from "../../modal/gpus";
import { describeStep } from "../../sandboxes/describe";
import type { RunningSandbox } from "../../sandboxes/sandbox";
import type { SandboxService } from "../../sandboxes/sandboxService";
import { pickGpus } from "../pickers/gpuPicker";
import { withProgress } from "../progress";
import { defaultGpus, defaultImage, specFromSettings } from "../settings";
import { pickFolder } from "./folders";
import type { CommandTable } from "./register";

export function createCommands(sandboxes: SandboxService): CommandTable {
  return {
    "modalSandboxes.createSandbox": () => createSandbox(sandboxes),
  };
}

/** Asks for GPU and image, then creates. `undefined` if the user went away. */
async function createSandbox(sandboxes: SandboxService): Promise<RunningSandbox | undefined> {
  const folder = await pickFolder();
  if (!folder) return undefined;
  const gpus = await pickGpus({
    title: "Create Sandbox (1/2)",
    selected: defaultGpus().slice(0, 1),
    isMultiple: false,
  });
  const [gpu] = gpus ?? [];
  if (!gpus) return undefined;
  const image = await askImage();
  if (image === undefined) return undefined;

  const spec = specFromSettings(gpu, image);
  return withProgress(`Creating ${titleOf(gpu)}`, async (report, signal) =>
    sandboxes.create(
      {
        spec,
        folder: folder.path,
        onDidEnterStep: (step) => {
          report(describeStep(step, spec));
        },
      },
      signal,
    ),
  );
}

const titleOf = (gpu: GpuRequest | undefined) => `${formatGpu(gpu)} sandbox`;

async function askImage(): Promise<string | undefined> {
  const image = await window.showInputBox({
    title: "Create Sandbox (2/2)",
    prompt: "Container image, such as python:3.12-slim or pytorch/pytorch:latest",
    value: defaultImage(),
    ignoreFocusOut: true,
    validateInput: (value) =>
      value.trim() === "" || /\s/.test(value.trim()) ? "For example python:3.12-slim" : undefined,
  });
  return image?.trim();
}
