import { basename } from "node:path";
import type { SecretStore } from "../../base/ports";
import { RunOptionsMemory } from "../../run/target/runOptions";
import type { RunRecord } from "../../run/runRecords";
import type { SyncThread } from "../../sync/worker/syncThread";
import { askOptions } from "../pickers/optionsPicker";
import type { RunNode, SandboxNode } from "../views/nodes";
import type { SandboxPicker } from "../sandboxes/pickSandbox";
import type { CommandTable } from "../commands/register";
import { documentToRun, runnableFile } from "./runnableFile";
import { runOtherCommands } from "./runOther";
import { runPartCommands } from "./runParts";
import { RunStarter, type RunStarterOptions } from "./runStarter";

export interface RunDependencies extends RunStarterOptions {
  readonly thread: SyncThread;
  readonly picker: SandboxPicker;
  readonly secretStore: SecretStore;
}

export function runCommands(dependencies: RunDependencies): CommandTable {
  const { runs, terminals, thread, picker, secretStore } = dependencies;
  const starter = new RunStarter(dependencies);
  const memory = new RunOptionsMemory(secretStore);

  const runFile = async (uri?: unknown) => {
    const runnable = await runnableFile(await documentToRun(uri), thread);
    if (runnable) await starter.run(runnable);
  };

  const runFileInBackground = async (uri?: unknown) => {
    const runnable = await runnableFile(await documentToRun(uri), thread);
    if (runnable) await starter.run(runnable, { isBackground: true });
  };

  const runFileWithArguments = async (uri?: unknown) => {
    const document = await documentToRun(uri);
    const key = document.uri.toString();
    const options = await askOptions(`Run ${basename(document.fileName)} With`, await memory.of(key));
    if (!options) return;
    await memory.remember(key, options);
    const runnable = await runnableFile(document, thread, options);
    if (runnable) await starter.run(runnable);
  };

  return {
    "modalSandboxes.runFile": runFile,
    "modalSandboxes.runFileInBackground": runFileInBackground,
    "modalSandboxes.runFileWithArguments": runFileWithArguments,

    // The same command for a file in the Explorer, where "Current File" would be the wrong title.
    "modalSandboxes.runExplorerFile": runFile,
    "modalSandboxes.runExplorerFileInBackground": runFileInBackground,
    "modalSandboxes.runExplorerFileWithArguments": runFileWithArguments,

    "modalSandboxes.runFileInSandbox": async (node?: SandboxNode) => {
      const document = await documentToRun();
      const sandbox = await picker.pick(`Run ${basename(document.fileName)} in which sandbox?`, node);
      const runnable = sandbox && (await runnableFile(document, thread));
      if (runnable) await starter.runIn(sandbox, runnable);
    },

    "modalSandboxes.runFileAgain": () => starter.again(),

    "modalSandboxes.runAgain": (chosen?: RunNode | RunRecord) =>
      chosen && "target" in chosen ? starter.repeat(chosen) : starter.again(chosen?.runId),

    "modalSandboxes.showRun": (node?: RunNode) => {
      const run = node ? runs.runs.find(({ id }) => id === node.runId) : runs.runs.at(-1);
      if (run) terminals.show(run);
    },

    "modalSandboxes.stopRun": async (node?: RunNode) => {
      await runs.runs.find(({ id }) => id === node?.runId)?.stop();
    },

    ...runPartCommands(starter),
    ...runOtherCommands(starter, memory, secretStore),
  };
}
