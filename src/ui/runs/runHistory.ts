import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { env, Uri, window } from "vscode";
import { UserError } from "../../base/errors";
import type { RunLog } from "../../run/output/runLog";
import type { RunRecord, RunRecords } from "../../run/runRecords";
import type { RunService } from "../../run/runService";
import { askInDialog, showDone } from "../outsideText";
import type { RunTerminals } from "../terminals/runTerminals";
import type { RunNode } from "../views/nodes";
import type { CommandTable } from "../commands/register";

export interface RunHistoryDependencies {
  readonly runs: RunService;
  readonly records: RunRecords;
  readonly terminals: RunTerminals;
}

/** A row of the sandboxes view or of the run history. */
type Chosen = RunNode | RunRecord;

/** Larger outputs are not copied to the clipboard. */
const MAX_COPY_BYTES = 10_000_000;

/** The commands for runs and their saved output. */
export function runHistoryCommands({ runs, records, terminals }: RunHistoryDependencies): CommandTable {
  const runOf = (chosen: Chosen | undefined) => {
    if (chosen && "target" in chosen) return runs.past(chosen);
    const terminal = window.activeTerminal;
    return chosen ? runs.runs.find(({ id }) => id === chosen.runId) : terminal && terminals.runOf(terminal);
  };
  const chosenRun = (chosen: Chosen | undefined) => {
    const run = runOf(chosen) ?? runs.runs.at(-1);
    if (!run) throw nothingChosen();
    return run;
  };

  return {
    "modalSandboxes.showPastRun": (record?: Chosen) => terminals.show(chosenRun(record)),

    "modalSandboxes.detachRun": (node?: Chosen) => {
      const run = chosenRun(node);
      terminals.detach(run);
    },

    "modalSandboxes.copyRunOutput": async (chosen?: Chosen) => {
      await env.clipboard.writeText(await plainText(chosenRun(chosen).log));
    },

    "modalSandboxes.saveRunOutput": async (chosen?: Chosen) => {
      const { log, target } = chosenRun(chosen);
      await log.flushed();
      const place = await window.showSaveDialog({
        title: `Save Output of ${target.label}`,
        defaultUri: Uri.file(join(runFolder(chosen) ?? "", `${target.label.replaceAll(/[^\w.-]+/g, "-")}.log`)),
      });
      if (place) await copyFile(log.path, place.fsPath);
    },

    "modalSandboxes.forgetRuns": async (record?: Chosen, selected?: readonly Chosen[]) => {
      const clicked = selected ?? (record ? [record] : []);
      const chosen = clicked.flatMap((one) => ("target" in one ? [one] : []));
      if (chosen.length > 0) {
        await records.forget(chosen);
        return;
      }
      const all = await records.past();
      if (all.length === 0) {
        showDone("The run history is empty", 3000);
        return;
      }
      const clear = "Clear";
      const answer = await askInDialog(
        `Clear the history of ${all.length === 1 ? "1 run" : `${all.length} runs`}?`,
        "Their output on this machine is deleted too.",
        clear,
      );
      if (answer === clear) await records.forget(all);
    },
  };
}

async function plainText(log: RunLog): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of log.read()) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_COPY_BYTES) throw tooLong();
  }
  return stripVTControlCharacters(Buffer.concat(chunks).toString());
}

const runFolder = (chosen: Chosen | undefined): string | undefined =>
  chosen && "target" in chosen ? chosen.folder : undefined;

const nothingChosen = () =>
  new UserError("Nothing has run in this window yet.", {
    actions: [{ title: "Run Current File on GPU…", command: "modalSandboxes.runFile" }],
  });

const tooLong = () =>
  new UserError("The output is too long for the clipboard. Save it to a file.", {
    actions: [{ title: "Save Output As…", command: "modalSandboxes.saveRunOutput" }],
  });
