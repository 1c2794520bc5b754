import { posix } from "node:path";
import { Uri, window, workspace } from "vscode";
import { UserError } from "../../base/errors";
import { formatBytes, plural } from "../../base/format";
import type { Logger } from "../../base/ports";
import type { ExecGateway } from "../../modal/exec";
import type { RunningSandbox } from "../../sandboxes/sandbox";
import type { PullResult } from "../../sync/pull/pull";
import { describePull, pullLog, type Puller } from "../../sync/pull/puller";
import type { PlanSummary, PullDecision } from "../../sync/pull/pullMessages";
import { askForText, askInDialog, showDone } from "../outsideText";
import { withProgress } from "../progress";
import { pullSettings, remotePath } from "../settings";
import type { SandboxNode } from "../views/nodes";
import type { SandboxPicker } from "../sandboxes/pickSandbox";
import type { CommandTable } from "../commands/register";

export interface DownloadDependencies {
  readonly puller: Puller;
  readonly exec: ExecGateway;
  readonly picker: SandboxPicker;
  readonly log: Logger;
}

/** How long the status bar shows the outcome. */
const OUTCOME_MS = 8000;

export function downloadCommands(dependencies: DownloadDependencies): CommandTable {
  const { picker, log } = dependencies;
  return {
    "modalSandboxes.downloadFromSandbox": async (node?: SandboxNode) => {
      const sandbox = await picker.pick("Download from which sandbox?", node);
      const path = sandbox && (await askPath());
      if (!sandbox || path === undefined) return;
      const folder = await askFolder(posix.basename(path));
      if (!folder) return;
      const result = await download(sandbox, path, folder.fsPath, dependencies);
      for (const line of pullLog(result)) log.warn(line);
      const outcome = describePull(result)?.replace("Pulled", "Downloaded") ?? "Everything was already there";
      showDone(outcome, OUTCOME_MS);
    },
  };
}

async function askPath(): Promise<string | undefined> {
  const entered = await askForText({
    title: "Download from Sandbox",
    prompt: `A file or folder in the sandbox. A relative path starts at ${remotePath()}.`,
    value: `${remotePath()}/`,
    valueSelection: [remotePath().length + 1, remotePath().length + 1],
    ignoreFocusOut: true,
    validateInput: (value) => (resolvePath(value) === "/" ? "Enter a file or folder" : undefined),
  });
  return entered === undefined ? undefined : resolvePath(entered);
}

const resolvePath = (entered: string): string => posix.resolve(remotePath(), entered);

async function askFolder(name: string): Promise<Uri | undefined> {
  const [first] = workspace.workspaceFolders ?? [];
  const chosen = await window.showOpenDialog({
    title: `Download ${name} into`,
    openLabel: "Download Here",
    canSelectFiles: false,
    canSelectFolders: true,
    ...(first?.uri.scheme === "file" && { defaultUri: first.uri }),
  });
  return chosen?.[0];
}

async function download(
  sandbox: RunningSandbox,
  path: string,
  root: string,
  { puller, exec }: DownloadDependencies,
): Promise<PullResult> {
  const name = posix.basename(path);
  return withProgress(`Downloading ${name}`, (report, signal) => {
    report("Listing the files");
    return puller.download({
      root,
      remotePath: posix.dirname(path),
      path: name,
      exec: (argv) => exec.exec(sandbox.phase.id, argv, {}, new AbortController().signal),
      decide: (plan) => decide(plan, path),
      onProgress: ({ files, totalFiles, bytes, totalBytes }) => {
        const count = `${files.toLocaleString("en-US")} of ${plural(totalFiles, "file")}`;
        report(`${count}, ${formatBytes(bytes)} of ${formatBytes(totalBytes)}`);
      },
      signal,
    });
  });
}

async function decide(plan: PlanSummary, path: string): Promise<PullDecision | undefined> {
  const { entries, existing, files, bytes } = plan;
  if (entries === 0) throw new UserError(`There is no ${path} in the sandbox. Check the path and try again.`);
  const { maxBytes, maxFiles } = pullSettings();
  if (bytes > maxBytes || files > maxFiles) {
    const question = `Download ${plural(files, "file")}, ${formatBytes(bytes)}?`;
    if ((await askInDialog(question, path, DOWNLOAD)) !== DOWNLOAD) return undefined;
  }

  const everything = { maxBytes: Number.MAX_SAFE_INTEGER };
  if (existing === 0) return { isOverwriting: false, ...everything };
  const answer = await askInDialog(
    existing === 1
      ? "A file with this name already exists there."
      : `${plural(existing, "file")} with these names already exist there.`,
    "Keep Both puts the sandbox's next to them, with (sandbox copy) in the name.",
    KEEP_BOTH,
    OVERWRITE,
  );
  return answer === undefined ? undefined : { isOverwriting: answer === OVERWRITE, ...everything };
}

const DOWNLOAD = "Download";
const KEEP_BOTH = "Keep Both";
const OVERWRITE = "Overwrite";
