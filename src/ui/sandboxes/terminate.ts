import { formatBytes, plural } from "../../base/format";
import type { Clock } from "../../base/ports";
import { isFinished } from "../../run/run";
import type { RunService } from "../../run/runService";
import type { SyncedFolder, UnsyncedOutputs } from "../../run/unsynced";
import { describeSandbox } from "../../sandboxes/describe";
import { folderIdOf } from "../../sandboxes/ownership/origin";
import { isRunning, type Sandbox } from "../../sandboxes/sandbox";
import type { SandboxService } from "../../sandboxes/sandboxService";
import { askInDialog } from "../outsideText";
import { withProgress } from "../progress";
import { allFolders } from "../pickers/folders";

export interface TerminateDependencies {
  readonly sandboxes: SandboxService;
  readonly runs: RunService;
  readonly unsynced: UnsyncedOutputs;
  readonly clock: Clock;
}

/** How long to look for outputs that were not pulled yet. Terminating a sandbox must not feel slow. */
const LOOK_MS = 4000;

const TERMINATE_TIMEOUT_MS = 60_000;

const TERMINATE = "Terminate";
const PULL = "Pull and Terminate";

/** Asks first if a program would be interrupted or files would be lost. `always` asks in any case. */
export async function terminateSandboxes(
  chosen: readonly Sandbox[],
  dependencies: TerminateDependencies,
  ask: "always" | "ifNeeded" = "ifNeeded",
): Promise<void> {
  const { sandboxes, runs, unsynced, clock } = dependencies;
  const keys = new Set(chosen.map(({ key }) => key));
  const active = runs.runs.filter(({ sandboxKey, state }) => sandboxKey && keys.has(sandboxKey) && !isFinished(state));
  const [only] = chosen;
  if (!only) return;

  const left = await leftIn(chosen, unsynced);
  if (ask === "always" || active.length > 0 || left.length > 0) {
    const what =
      chosen.length === 1
        ? `the ${describeSandbox(only, clock.now()).label} sandbox`
        : plural(chosen.length, "sandbox", "sandboxes");
    const files = left.reduce((sum, folder) => sum + folder.files, 0);
    const bytes = left.reduce((sum, folder) => sum + folder.bytes, 0);
    const detail = [
      active.length > 0 ? `Still running: ${active.map(({ target }) => target.label).join(", ")}.` : "",
      files > 0
        ? `${plural(files, "file")} (${formatBytes(bytes)}) in the sandbox ${files === 1 ? "has" : "have"} not been pulled.`
        : "",
      "Files that exist only in the sandbox will be lost.",
    ];
    const answer = await askInDialog(
      `Terminate ${what}?`,
      detail.filter(Boolean).join(" "),
      ...(files > 0 ? [PULL, TERMINATE] : [TERMINATE]),
    );
    if (answer === undefined) return;
    if (answer === PULL)
      await withProgress("Pulling files first", (_report, signal) =>
        Promise.all(left.map((folder) => unsynced.pull(folder, signal))),
      );
  }
  const outcomes = await Promise.allSettled(
    chosen.map(({ key }) => sandboxes.terminate(key, AbortSignal.timeout(TERMINATE_TIMEOUT_MS))),
  );
  const failure = outcomes.find((outcome) => outcome.status === "rejected");
  if (failure) throw failure.reason;
}

interface LeftFiles extends SyncedFolder {
  readonly files: number;
  readonly bytes: number;
}

/** The outputs in sandboxes of the open folders that were not pulled yet. */
async function leftIn(chosen: readonly Sandbox[], unsynced: UnsyncedOutputs): Promise<LeftFiles[]> {
  const folders = new Map(allFolders().map((folder) => [folderIdOf(folder.path), folder]));
  const signal = AbortSignal.timeout(LOOK_MS);
  const looked = chosen.filter(isRunning).map(async ({ origin, phase, holder }): Promise<LeftFiles[]> => {
    const folder = origin && holder === "thisWindow" ? folders.get(origin.folderId) : undefined;
    if (!folder) return [];
    const synced = { sandboxId: phase.id, root: folder.path, remotePath: folder.remotePath };
    const found = await unsynced.find(synced, signal);
    return found ? [{ ...synced, files: found.files, bytes: found.bytes }] : [];
  });
  return (await Promise.all(looked)).flat();
}
