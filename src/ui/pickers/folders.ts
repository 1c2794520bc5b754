import { window, workspace, type Uri, type WorkspaceFolder } from "vscode";
import { UserError } from "../../base/errors";
import { remoteFolders } from "../../sync/remote/remoteFolders";
import { remotePath } from "../settings";

/** A folder of the window, and where it is in a sandbox. */
export interface SyncFolder {
  readonly path: string;
  readonly name: string;
  readonly remotePath: string;
}

/** Returns the folder that contains a file; `undefined` if none does. */
export function folderOf(uri: Uri): SyncFolder | undefined {
  const folder = workspace.getWorkspaceFolder(uri);
  return folder?.uri.scheme === "file" ? syncFolder(folder) : undefined;
}

/**
 * Returns the only folder, the active editor's, or the one that the user picks; `undefined` if the user dismissed it.
 */
export async function pickFolder(): Promise<SyncFolder | undefined> {
  const folders = (workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === "file");
  const [first] = folders;
  if (!first) throw noFolder();
  if (folders.length === 1) return syncFolder(first);

  const active = window.activeTextEditor && folderOf(window.activeTextEditor.document.uri);
  if (active) return active;
  const picked = await window.showWorkspaceFolderPick({ placeHolder: "Which folder?" });
  return picked && syncFolder(picked);
}

/** The folders of the window that are on this machine. */
export const allFolders = (): SyncFolder[] =>
  (workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === "file").map(syncFolder);

function syncFolder({ uri, name, index }: WorkspaceFolder): SyncFolder {
  const all = (workspace.workspaceFolders ?? []).map((folder) => folder.name);
  return { path: uri.fsPath, name, remotePath: remoteFolders(all, remotePath())[index] ?? remotePath() };
}

const noFolder = () =>
  new UserError("No folder is open. Open the folder to run in the sandbox.", {
    actions: [{ title: "Open Folder…", command: "vscode.openFolder" }],
  });
