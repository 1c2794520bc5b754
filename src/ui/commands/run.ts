import { basename, extname, posix, relative, sep } from "node:path";
import { FileType, Uri, window, workspace, type TextDocument } from "vscode";
import { UserError } from "../../base/errors";
import type { Memento } from "../../base/ports";
import { gpuArgument, parseGpu, type GpuRequest } from "../../modal/gpus";
import type { RunRequest, RunService } from "../../run/runService";
import { findLauncher, launchers, type Launcher, type RunTarget } from "../../run/target";
import { pickGpus } from "../pickers/gpuPicker";
import { defaultGpus, remotePath, specFromSettings } from "../settings";
import type { RunTerminals } from "../terminals/runTerminals";
import type { RunNode } from "../views/nodes";
import { folderOf } from "./folders";
import type { CommandTable } from "./register";

export interface RunDependencies {
  readonly runs: RunService;
  readonly terminals: RunTerminals;
  readonly state: Memento;
}

const CHOSEN_GPUS = "modalSandboxes.chosenGpus";

/** How a sandbox without a GPU is remembered. */
const CPU = "cpu";

export function runCommands({ runs, terminals, state }: RunDependencies): CommandTable {
  const last: { request?: { document: Uri; request: RunRequest } } = {};

  const start = (document: Uri, request: RunRequest): void => {
    last.request = { document, request };
    terminals.open(runs.start(request));
  };

  return {
    "modalSandboxes.runFile": async (uri?: Uri) => {
      const document = await documentToRun(uri);
      const launcher = await launcherFor(document);
      if (!launcher) return;
      const gpus = await pickGpus({
        title: `Run ${basename(document.fileName)} On`,
        selected: rememberedGpus(state),
        isMultiple: true,
      });
      if (!gpus || gpus.length === 0) return;
      await state.update(
        CHOSEN_GPUS,
        gpus.map((gpu) => (gpu ? gpuArgument(gpu) : CPU)),
      );

      const saved = await save(document);
      start(saved.uri, requestFor(saved, launcher, gpus));
    },

    "modalSandboxes.runFileAgain": async () => {
      if (!last.request) throw nothingRun();
      const { document, request } = last.request;
      const open = workspace.textDocuments.find(({ uri }) => uri.toString() === document.toString());
      if (!open) {
        start(document, request);
        return;
      }
      const saved = await save(open);
      start(saved.uri, { ...request, target: targetOf(saved, request.target.launcher) });
    },

    "modalSandboxes.showRun": (node?: RunNode) => {
      const runId = node?.runId ?? runs.runs.at(-1)?.id;
      if (runId !== undefined) terminals.show(runId);
    },

    "modalSandboxes.stopRun": async (node?: RunNode) => {
      await runs.runs.find(({ id }) => id === node?.runId)?.stop();
    },
  };
}

/** The file that was clicked, else that of the active editor. */
async function documentToRun(uri: Uri | undefined): Promise<TextDocument> {
  const chosen = uri ?? window.activeTextEditor?.document.uri;
  if (!chosen) throw noFile();
  if (chosen.scheme === "file" && (await workspace.fs.stat(chosen)).type & FileType.Directory) throw noFile();
  return workspace.openTextDocument(chosen);
}

/** What is on the screen is what runs. */
async function save(document: TextDocument): Promise<TextDocument> {
  if (document.isUntitled || !document.isDirty) return document;
  if (await document.save()) return document;
  throw new UserError(`${basename(document.fileName)} could not be saved, so it was not run. Save it and try again.`);
}

/** How to run the file; asks where nothing says it. */
async function launcherFor(document: TextDocument): Promise<Launcher | undefined> {
  const found = findLauncher({
    name: basename(document.fileName),
    languageId: document.languageId,
    firstLine: document.lineAt(0).text,
  });
  if (found) return found;
  const items = Object.values(launchers).map((launcher) => ({ label: launcher.label, launcher }));
  const picked = await window.showQuickPick(items, {
    title: `Run ${basename(document.fileName)} As`,
    placeHolder: "Its language does not say how to run it",
  });
  return picked?.launcher;
}

function requestFor(document: TextDocument, launcher: Launcher, gpus: readonly (GpuRequest | undefined)[]): RunRequest {
  const folder = folderOf(document.uri);
  return {
    target: targetOf(document, launcher),
    folder: folder?.path,
    remotePath: folder?.remotePath ?? remotePath(),
    specs: gpus.map((gpu) => specFromSettings(gpu)),
  };
}

function targetOf(document: TextDocument, launcher: Launcher): RunTarget {
  const name = basename(document.fileName);
  const folder = folderOf(document.uri);
  if (folder && !document.isUntitled) {
    const path = relative(folder.path, document.uri.fsPath).split(sep).join(posix.sep);
    return { label: name, launcher, file: { kind: "synced", path } };
  }
  const looseName = extname(name) === "" ? name + launcher.extension : name;
  const content = new TextEncoder().encode(document.getText());
  return { label: name, launcher, file: { kind: "loose", name: looseName, content } };
}

function rememberedGpus(state: Memento): (GpuRequest | undefined)[] {
  const stored = state.get(CHOSEN_GPUS);
  if (!Array.isArray(stored)) return defaultGpus();
  return stored.flatMap((text) => {
    if (text === CPU) return [undefined];
    const gpu = typeof text === "string" ? parseGpu(text) : undefined;
    return gpu ? [gpu] : [];
  });
}

const noFile = () =>
  new UserError("No file is open. Open the file that you want to run.", {
    actions: [{ title: "Open File…", command: "workbench.action.files.openFile" }],
  });

const nothingRun = () =>
  new UserError("Nothing was run in this window yet.", {
    actions: [{ title: "Run Current File on GPU…", command: "modalSandboxes.runFile" }],
  });
