import { window } from "vscode";
import { formatBytes, plural } from "../../base/format";
import type { Logger } from "../../base/ports";
import type { RunService } from "../../run/runService";
import type { SandboxNode } from "../views/nodes";
import { withProgress } from "../progress";
import { pickFolder } from "./folders";
import type { SandboxPicker } from "./pickSandbox";
import type { CommandTable } from "./register";

export interface SyncDependencies {
  readonly runs: RunService;
  readonly picker: SandboxPicker;
  readonly log: Logger;
}

/** How long the outcome stays in the status bar. */
const OUTCOME_MS = 8000;

export function syncCommands({ runs, picker, log }: SyncDependencies): CommandTable {
  return {
    "modalSandboxes.syncFolder": async (node?: SandboxNode) => {
      const sandbox = await picker.pick("Sync to which sandbox?", node);
      const folder = sandbox && (await pickFolder());
      if (!folder) return;
      const { files, bytes, skipped } = await withProgress(`Syncing ${folder.name}`, (report, signal) =>
        runs.push(
          sandbox,
          folder.path,
          folder.remotePath,
          (progress) => {
            report(
              `${progress.files.toLocaleString("en-US")} of ${plural(progress.totalFiles, "file")}, ${formatBytes(progress.bytes)}`,
            );
          },
          signal,
        ),
      );
      for (const { path, reason } of skipped) log.warn(`${path} ${reason}`);
      const rest = skipped.length > 0 ? `, ${skipped.length} skipped (see the log)` : "";
      window.setStatusBarMessage(`$(check) Synced ${plural(files, "file")}, ${formatBytes(bytes)}${rest}`, OUTCOME_MS);
    },
  };
}
