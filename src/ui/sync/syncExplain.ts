import { isAbsolute, join, relative, sep } from "node:path";
import { Position, Range, Uri, window, workspace } from "vscode";
import { UserError } from "../../base/errors";
import { explanationText, type Explanation } from "../../sync/rules/explain";
import type { SyncThread } from "../../sync/worker/syncThread";
import { showInformation } from "../outsideText";
import { folderOf } from "../pickers/folders";
import type { CommandTable } from "../commands/register";

const SHOW_RULE = "Show Rule";

export function syncExplainCommands(thread: SyncThread): CommandTable {
  return {
    "modalSandboxes.explainSync": async (clicked?: Uri) => {
      const uri = clicked ?? window.activeTextEditor?.document.uri;
      const folder = uri && folderOf(uri);
      if (!folder) throw notInFolder();
      const path = relative(folder.path, uri.fsPath).replaceAll(sep, "/");
      if (path === "") throw notInFolder();

      const explanation = await thread.use((worker) => worker.call("explain", { root: folder.path, path }));
      const text = explanationText(explanation, path);
      const actions = explanation.line ? [SHOW_RULE] : [];
      if ((await showInformation(text, ...actions)) === SHOW_RULE) await showRule(folder.path, explanation);
    },
  };
}

async function showRule(folder: string, { line }: Explanation): Promise<void> {
  if (!line) return;
  const file = isAbsolute(line.file) ? line.file : join(folder, line.file);
  const start = new Position(line.line - 1, 0);
  await window.showTextDocument(await workspace.openTextDocument(file), { selection: new Range(start, start) });
}

const notInFolder = () =>
  new UserError("Only files and folders in an open folder are synced. Open or select one of them.");
