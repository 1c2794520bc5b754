import { basename } from "node:path";
import { window, workspace, type TextDocument } from "vscode";
import { DisposableStore, type Disposable } from "../../base/disposable";
import { canRun, runnableFiles } from "../../run/target/fileKind";
import { setContextKey } from "../contextKeys";

/** Keeps the context keys that offer to run files: one follows the active editor, the other never changes. */
export function keepRunnableKeys(): Disposable {
  setContextKey("modalSandboxes.runnableFiles", runnableFiles);
  return watchActiveFile((isRunnable) => {
    setContextKey("modalSandboxes.canRunLanguage", isRunnable);
  });
}

/** Reports whether the file in the active editor runs without a question about how, first now, then when that changes. */
export function watchActiveFile(report: (isRunnable: boolean) => void): Disposable {
  let last: boolean | undefined;
  const update = () => {
    const document = window.activeTextEditor?.document;
    // The output panel counts as an editor, but the menus stay those of the editor next to it.
    if (document?.uri.scheme === "output") return;
    const isRunnable = document !== undefined && isRunnableDocument(document);
    if (isRunnable !== last) report((last = isRunnable));
  };
  const updateIfActive = (document: TextDocument) => {
    if (document === window.activeTextEditor?.document) update();
  };

  const own = new DisposableStore();
  own.add(window.onDidChangeActiveTextEditor(update));
  // A document whose language changes is closed and opened again.
  own.add(workspace.onDidOpenTextDocument(updateIfActive));
  own.add(workspace.onDidSaveTextDocument(updateIfActive));
  update();
  return own;
}

const isRunnableDocument = (document: TextDocument): boolean =>
  canRun({
    name: basename(document.fileName),
    languageId: document.languageId,
    firstLine: document.lineAt(0).text,
  });
