import type { ExecGateway } from "../../modal/exec";
import { transferExec } from "../../run/program/transferExec";
import { describeSandbox } from "../../sandboxes/describe";
import { previewPush } from "../../sync/push/previewPush";
import { previewText } from "../../sync/push/previewText";
import type { SyncThread } from "../../sync/worker/syncThread";
import { withProgress } from "../progress";
import type { SandboxNode } from "../views/nodes";
import type { SyncPreviews } from "./syncPreviews";
import { pickFolder } from "../pickers/folders";
import type { SandboxPicker } from "../sandboxes/pickSandbox";
import type { CommandTable } from "../commands/register";

export interface SyncPreviewDependencies {
  readonly thread: SyncThread;
  readonly exec: ExecGateway;
  readonly picker: SandboxPicker;
  readonly previews: SyncPreviews;
}

export function syncPreviewCommands({ thread, exec, picker, previews }: SyncPreviewDependencies): CommandTable {
  return {
    "modalSandboxes.previewSync": async (node?: SandboxNode) => {
      const sandbox = picker.hasRunning ? await picker.pick("Preview a sync to which sandbox?", node) : NEW;
      const folder = sandbox && (await pickFolder());
      if (!folder) return;

      const label = sandbox === NEW ? "new sandbox" : describeSandbox(sandbox, Date.now()).label;
      const target = sandbox === NEW ? "a new sandbox" : `${label} ${sandbox.name}`;
      const preview = await withProgress(`Previewing the sync of ${folder.name}`, (report, signal) => {
        report("Comparing");
        return previewPush(thread, {
          root: folder.path,
          remotePath: folder.remotePath,
          sandboxId: sandbox === NEW ? "" : sandbox.phase.id,
          exec: sandbox === NEW ? undefined : transferExec(exec, sandbox.phase.id, signal),
          signal,
        });
      });
      const text = previewText(`Next sync of ${folder.name} to ${folder.remotePath} in ${target}`, preview);
      const key = `${sandbox === NEW ? "" : sandbox.key} ${folder.path}`;
      await previews.show(`Sync ${folder.name} → ${label}`, key, { ...text, root: folder.path });
    },
  };
}

/** Identifies the preview of the first push to a new sandbox. */
const NEW = "new";
