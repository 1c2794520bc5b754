import { basename, extname, posix, relative, sep } from "node:path";
import { FileType, Uri, window, workspace, type NotebookDocument, type TextDocument } from "vscode";
import { UserError } from "../../base/errors";
import { findLauncher, launchers, type Launcher } from "../../run/target/launchers";
import { isBehindLink } from "../../run/output/localPaths";
import { noOptions, withOptions, type RunOptions } from "../../run/target/runOptions";
import { launcherWith, scriptNeeds } from "../../run/target/scriptNeeds";
import { targetOf, type RunTarget, type TargetFile } from "../../run/target/target";
import type { SyncThread } from "../../sync/worker/syncThread";
import { pickOne } from "../outsideText";
import { mustBeSent } from "../sync/excludedFile";
import { folderOf, type SyncFolder } from "../pickers/folders";
import type { Runnable } from "./runStarter";

/** Opens the clicked file, or else returns the active editor's. */
export async function documentToRun(uri?: unknown): Promise<TextDocument> {
  const active = window.activeNotebookEditor?.notebook.uri ?? window.activeTextEditor?.document.uri;
  const chosen = uri instanceof Uri ? uri : active;
  // VS Code treats the output panel as an editor.
  if (!chosen || chosen.scheme === "output") throw noFile();
  if (chosen.scheme === "file" && (await workspace.fs.stat(chosen)).type & FileType.Directory) throw noFile();
  if (notebookAt(chosen)?.isUntitled) throw unsavedNotebook();
  return workspace.openTextDocument(chosen);
}

/** Prepares a file to run, and asks how if the file does not tell. Returns `undefined` if the user dismissed it. */
export async function runnableFile(
  document: TextDocument,
  thread: SyncThread,
  options: RunOptions = noOptions,
): Promise<Runnable | undefined> {
  const launcher = await launcherOf(document);
  const place = launcher && (await placeOf(document, thread));
  if (!place) return undefined;
  const target = async () => {
    const saved = await saveDocument(document);
    return withOptions(fileTarget(saved, launcher, place), options);
  };
  return { label: basename(document.fileName), folder: folderOf(document.uri), target };
}

/** Saves a document, so that the sandbox gets what is on the screen. A closed document is read from the disk. */
export async function saveDocument(document: TextDocument): Promise<TextDocument> {
  if (document.isUntitled) return document;
  const current = document.isClosed ? await workspace.openTextDocument(document.uri) : document;
  const dirty = [current, notebookAt(document.uri)].find((shown) => shown?.isDirty);
  if (!dirty || (await dirty.save())) return current;
  throw new UserError(`${basename(document.fileName)} could not be saved, so it was not run. Save it and try again.`);
}

/** Finds out how to run the file, and asks if nothing says so. */
export async function launcherOf(document: TextDocument): Promise<Launcher | undefined> {
  const found = findLauncher({
    name: basename(document.fileName),
    languageId: document.languageId,
    firstLine: document.lineAt(0).text,
  });
  if (found) return found;
  const items = Object.values<Launcher>(launchers)
    .filter((launcher) => launcher !== launchers.notebook)
    .map((launcher) => ({ label: launcher.label, launcher }));
  const picked = await pickOne(items, {
    title: `Run ${basename(document.fileName)} As`,
    placeHolder: "Choose how to run this file",
  });
  return picked?.launcher;
}

/**
 * Returns the folder that really contains the file. For a file behind a link out of the folder, a push would send only
 * the link.
 */
export async function homeOf(document: TextDocument): Promise<SyncFolder | undefined> {
  const folder = document.isUntitled ? undefined : folderOf(document.uri);
  return folder && !(await isBehindLink(folder.path, document.uri.fsPath)) ? folder : undefined;
}

/** The path relative to the folder, with `/`. */
export const pathIn = (folder: SyncFolder, { fsPath }: Uri): string =>
  relative(folder.path, fsPath).split(sep).join(posix.sep);

/** Extends the launcher by the packages that the script declares. */
export function launcherFor(launcher: Launcher, text: string): Launcher {
  const needs = launcher === launchers.python ? scriptNeeds(text) : undefined;
  return needs ? launcherWith(launcher, needs) : launcher;
}

/** Decides how the file gets into the sandbox, and asks if the sync would exclude it. */
async function placeOf(document: TextDocument, thread: SyncThread): Promise<TargetFile["kind"] | undefined> {
  const folder = await homeOf(document);
  if (!folder) return "loose";
  const isSent = await mustBeSent(thread, folder.path, pathIn(folder, document.uri));
  return isSent === undefined ? undefined : isSent ? "excluded" : "synced";
}

function fileTarget(document: TextDocument, launcher: Launcher, place: TargetFile["kind"]): RunTarget {
  const file = fileOf(document, launcher, place);
  const target = targetOf(basename(document.fileName), launcherFor(launcher, document.getText()), file);
  // Jupyter runs a notebook in its own folder.
  if (launcher !== launchers.notebook || file.kind === "loose") return target;
  return { ...target, workdir: posix.dirname(file.path) };
}

function fileOf(document: TextDocument, launcher: Launcher, place: TargetFile["kind"]): TargetFile {
  const folder = folderOf(document.uri);
  if (folder && place === "synced") return { kind: place, path: pathIn(folder, document.uri) };
  const content = document.getText();
  if (folder && place === "excluded") return { kind: place, path: pathIn(folder, document.uri), content };
  const name = basename(document.fileName);
  return { kind: "loose", name: extname(name) === "" ? name + launcher.extension : name, content };
}

const notebookAt = (uri: Uri): NotebookDocument | undefined =>
  workspace.notebookDocuments.find((notebook) => notebook.uri.toString() === uri.toString());

export const noFile = () =>
  new UserError("No file is open. Open the file that you want to run.", {
    actions: [{ title: "Open File…", command: "workbench.action.files.openFile" }],
  });

const unsavedNotebook = () => new UserError("This notebook has not been saved to a file. Save it, then run it.");
