import { formatBytes, plural } from "../../base/format";
import type { Logger } from "../../base/ports";
import type { RunService } from "../../run/runService";
import { describePush, pushLog } from "../../sync/push/describePush";
import { showDone } from "../outsideText";
import type { SandboxNode } from "../views/nodes";
import { withProgress } from "../progress";
import { pickFolder } from "../pickers/folders";
import type { SandboxPicker } from "../sandboxes/pickSandbox";
import type { CommandTable } from "../commands/register";

export interface SyncDependencies {
  readonly runs: RunService;
  readonly picker: SandboxPicker;
  readonly log: Logger;
}

/** How long the status bar shows the outcome. */
const OUTCOME_MS = 8000;

export function syncCommands({ runs, picker, log }: SyncDependencies): CommandTable {
  return {
    "modalSandboxes.syncFolder": async (node?: SandboxNode) => {
      const sandbox = await picker.pick("Sync to which sandbox?", node);
      const folder = sandbox && (await pickFolder());
      if (!folder) return;
      const result = await withProgress(`Syncing ${folder.name}`, (report, signal) =>
        runs.push(sandbox, {
          root: folder.path,
          remotePath: folder.remotePath,
          onProgress: ({ files, totalFiles, bytes }) => {
            report(`${files.toLocaleString("en-US")} of ${plural(totalFiles, "file")}, ${formatBytes(bytes)}`);
          },
          signal,
        }),
      );
      for (const line of pushLog(result)) log.warn(line);
      showDone(describePush(result), OUTCOME_MS);
    },
  };
}
