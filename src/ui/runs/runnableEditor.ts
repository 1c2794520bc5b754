import { basename } from "node:path";
import { window, workspace, type TextDocument } from "vscode";
import { DisposableStore, type Disposable } from "../../base/disposable";
import { canRun, runnableFiles } from "../../run/target/fileKind";
import { setContextKey } from "../contextKeys";

/** Sets the context keys for the run commands: one depends on the active editor, the other never changes. */
export function keepRunnableKeys(): Disposable {
  setContextKey("modalSandboxes.runnableFiles", runnableFiles);
  return watchActiveFile((isRunnable) => setContextKey("modalSandboxes.canRunLanguage", isRunnable));
}

/** Reports, now and after each change, whether the active editor's file can run without asking how. */
export function watchActiveFile(report: (isRunnable: boolean) => void): Disposable {
  let last: boolean | undefined;
  const update = () => {
    const document = window.activeTextEditor?.document;
    // VS Code treats the output panel as an editor, but the title menu still belongs to the editor next to it.
    if (document?.uri.scheme === "output") return;
    const isRunnable = document !== undefined && isRunnableDocument(document);
    if (isRunnable !== last) report((last = isRunnable));
  };
  const updateIfActive = (document: TextDocument) => {
    if (document === window.activeTextEditor?.document) update();
  };

  const own = new DisposableStore();
  own.add(window.onDidChangeActiveTextEditor(update));
  // VS Code closes and reopens a document when its language changes.
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
