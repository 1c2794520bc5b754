import { basename, join } from "node:path";
import { Uri, workspace, WorkspaceEdit } from "vscode";
import { UserError } from "../../base/errors";
import { explanationText, type Explanation } from "../../sync/rules/explain";
import { inclusionOf, type Inclusion } from "../../sync/rules/include";
import type { SyncThread } from "../../sync/worker/syncThread";
import { MODALIGNORE } from "../../sync/rules/syncRules";
import { askInDialog } from "../outsideText";

const FOR_THIS_RUN = "Sync for This Run";
const ALWAYS = `Add to ${MODALIGNORE}`;

/**
 * Asks what to do about a file to run that the rules exclude from the sync. Returns true if the run must push it by
 * itself; `undefined` if the user dismissed it.
 * @param path relative to the folder `root`, with `/`
 */
export async function mustBeSent(thread: SyncThread, root: string, path: string): Promise<boolean | undefined> {
  const explain = () => thread.use((worker) => worker.call("explain", { root, path }));
  const explanation = await explain();
  if (explanation.isSynced) return false;
  // The file may exist only in the editor.
  if (explanation.reason === "missing") return true;

  const message = explanationText(explanation, path);
  const detail = `Sync it anyway? Without it ${basename(path)} cannot run in the sandbox.`;
  const chosen = await askInDialog(message, detail, FOR_THIS_RUN, ALWAYS);
  if (chosen === ALWAYS) {
    await include(root, path, explanation, explain);
    await thread.use((worker) => worker.call("askFor", { root, path }));
  }
  return chosen === undefined ? undefined : chosen === FOR_THIS_RUN;
}

async function include(
  root: string,
  path: string,
  first: Explanation,
  explain: () => Promise<Explanation>,
): Promise<void> {
  let explanation = first;
  // Each step includes one more folder on the path to the file.
  for (let left = path.split("/").length; left > 0; left -= 1) {
    await append(root, inclusionOf(explanation, path));
    explanation = await explain();
    if (explanation.isSynced) return;
  }
  throw new UserError(`${path} could not be included. ${explanationText(explanation, path)}`);
}

/** Appends lines through VS Code's editor, which may have the file open. */
async function append(root: string, { file, lines }: Inclusion): Promise<void> {
  const uri = Uri.file(join(root, file));
  const creation = new WorkspaceEdit();
  creation.createFile(uri, { ignoreIfExists: true });
  await workspace.applyEdit(creation);
  const document = await workspace.openTextDocument(uri);
  const { range, text } = document.lineAt(document.lineCount - 1);
  const addition = new WorkspaceEdit();
  addition.insert(uri, range.end, `${text === "" ? "" : "\n"}${lines.join("\n")}\n`);
  await workspace.applyEdit(addition);
  if (!(await document.save())) throw new UserError(`${file} could not be saved. Save it and run again.`);
}
