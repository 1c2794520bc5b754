import { commands } from "vscode";
import { formatGpu } from "../../modal/gpus";
import type { RateSource } from "../../modal/rates";
import type { SandboxSpec } from "../../modal/spec";
import { describeStep } from "../../sandboxes/describe";
import type { SandboxService } from "../../sandboxes/sandboxService";
import { withGpu } from "./offerOtherGpu";
import { pickGpu } from "../pickers/gpuPicker";
import { withProgress } from "../progress";
import type { CommandTable } from "../commands/register";

/** The command that creates the same sandbox with another GPU if Modal has none of the first. It shows the prices. */
export function otherGpuCommands(sandboxes: SandboxService, rates: RateSource): CommandTable {
  return {
    "modalSandboxes.createOnAnotherGpu": async (wanted?: SandboxSpec, folder = "", imageId?: string) => {
      if (!wanted) {
        await commands.executeCommand("modalSandboxes.createSandbox");
        return;
      }
      const [gpu = wanted.gpu] = wanted.gpuFallback;
      const choice = await pickGpu(`Instead of ${formatGpu(wanted.gpu)}`, { ...wanted, gpu }, rates);
      if (!choice) return;
      const spec = withGpu(wanted, choice.gpu);
      await withProgress(`Creating ${formatGpu(spec.gpu)} sandbox`, (report, signal) => {
        const onDidEnterStep = (step: Parameters<typeof describeStep>[0]) => report(describeStep(step, spec));
        return sandboxes.create({ spec, folder, onDidEnterStep, ...(imageId !== undefined && { imageId }) }, signal);
      });
    },
  };
}
