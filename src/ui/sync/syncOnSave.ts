import { workspace } from "vscode";
import { DisposableStore, type Disposable } from "../../base/disposable";
import { messageOf } from "../../base/errors";
import type { Logger } from "../../base/ports";
import { SyncOnSave, type SyncOnSaveOptions } from "../../run/syncOnSave";
import { describePush, pushLog } from "../../sync/push/describePush";
import { folderOf } from "../pickers/folders";
import { showDone } from "../outsideText";
import { syncsOnSave } from "../settings";

/** How long the status bar shows the outcome. */
const OUTCOME_MS = 4000;

/**
 * Syncs a folder when the user saves a file in it. Files that a pull writes fire no save event, so they cause no other
 * sync.
 */
export function watchSaves(options: SyncOnSaveOptions & { readonly log: Logger }): Disposable {
  const { log } = options;
  const own = new DisposableStore();
  const syncOnSave = own.add(new SyncOnSave(options));
  own.add(
    workspace.onDidSaveTextDocument(({ uri }) => {
      try {
        const folder = workspace.isTrusted && syncsOnSave(uri) ? folderOf(uri) : undefined;
        if (folder) syncOnSave.saved(folder);
      } catch (error) {
        log.warn(`Sync on save: ${messageOf(error)}`);
      }
    }),
  );
  own.add(
    syncOnSave.onDidSync((result) => {
      for (const line of pushLog(result)) log.warn(line);
      showDone(describePush(result), OUTCOME_MS);
    }),
  );
  return own;
}
