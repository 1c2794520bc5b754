import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { commands, Uri, workspace } from "vscode";
import { UserError } from "../../base/errors";
import { plural } from "../../base/format";
import type { Logger } from "../../base/ports";
import type { OutputPlace, Run } from "../../run/run";
import type { KeepRequest } from "../../sync/pull/keepOutputs";
import type { SyncThread } from "../../sync/worker/syncThread";
import { askInDialog, showDone } from "../outsideText";

/** Shows a run's output folder in the Explorer, or in the system's file manager if it is outside the open folders. */
export async function openOutputs(run: Run): Promise<void> {
  const { folder, path } = placeOf(run);
  const uri = Uri.file(join(folder, path));
  if (!workspace.getWorkspaceFolder(uri)) {
    await commands.executeCommand("revealFileInOS", uri);
    return;
  }
  await commands.executeCommand("revealInExplorer", uri);
}

/** Copies a run's outputs to their places in the folder, and asks about files that have changed there since. */
export async function keepOutputs(run: Run, thread: SyncThread, log: Logger): Promise<void> {
  const { folder: root, path: outputs, pushedAt: startedAt } = placeOf(run);
  const keep = (choice: KeepRequest["choice"]) =>
    thread.use((worker) => worker.call("keepOutputs", { root, outputs, runId: run.id, startedAt, choice }));

  const first = await keep("ask");
  const answer = first.changed.length > 0 ? await askAbout(first.changed) : undefined;
  if (first.changed.length > 0 && answer === undefined) return;
  const result = answer === undefined ? first : await keep(answer === REPLACE ? "replace" : "keepBoth");

  for (const { path, reason } of result.skipped) log.warn(`${path} ${reason}`);
  for (const { path, copy, reason } of result.guarded) log.warn(`${path} was kept only as ${copy}, because ${reason}`);
  const parts = [
    `Kept ${plural(result.files, "file")} from ${outputs} in ${basename(root)}`,
    ...(result.copies > 0 ? [`${result.copies} next to yours`] : []),
    ...(result.guarded.length > 0 ? [`${result.guarded.length} under another name (see the log)`] : []),
    ...(result.skipped.length > 0 ? [`${result.skipped.length} not copied (see the log)`] : []),
  ];
  showDone(parts.join(", "), SHOWN_MS);
}

const SHOWN_MS = 6000;
const REPLACE = "Replace";
const KEEP_BOTH = "Keep Both";

function askAbout(changed: readonly string[]): Promise<string | undefined> {
  const [first = "", ...more] = changed;
  const question =
    more.length === 0
      ? `${first} has changed here since the run started.`
      : `${plural(changed.length, "file")} have changed here since the run started.`;
  const named = more.length === 0 ? [] : [...changed.slice(0, 5), ...(changed.length > 5 ? ["…"] : []), ""];
  const detail = [...named, "Keep Both puts the run's version next to yours, with (sandbox copy) in the name."];
  return askInDialog(question, detail, KEEP_BOTH, REPLACE);
}

function placeOf({ outputs, target }: Run): OutputPlace {
  if (!outputs || !existsSync(join(outputs.folder, outputs.path))) throw outputsGone(target.label);
  return outputs;
}

const outputsGone = (label: string) =>
  new UserError(`The output folder of ${label} no longer exists. Run it again to get the outputs.`);
