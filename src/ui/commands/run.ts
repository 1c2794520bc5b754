import { realpath } from "node:fs/promises";
import { basename, extname, isAbsolute, posix, relative, sep } from "node:path";
import { FileType, Uri, window, workspace, type TextDocument } from "vscode";
import { UserError } from "../../base/errors";
import type { Memento } from "../../base/ports";
import { gpuArgument, parseGpu } from "../../modal/gpus";
import type { RateSource } from "../../modal/rates";
import type { SandboxSpec } from "../../modal/spec";
import type { RunRequest, RunService } from "../../run/runService";
import { findLauncher, launchers, type Launcher } from "../../run/launchers";
import { targetOf, type RunTarget, type TargetFile } from "../../run/target";
import type { SyncThread } from "../../sync/syncThread";
import { resolveSpec } from "../../sandboxes/resolveSpec";
import type { Choice } from "../pickers/gpuItems";
import { pickChoices } from "../pickers/gpuPicker";
import { defaultGpus, namedDefinition, remotePath, settingsDefinition, writtenSpecs } from "../settings";
import type { RunTerminals } from "../terminals/runTerminals";
import type { RunNode } from "../views/nodes";
import { mustBeSent } from "./excludedFile";
import { folderOf, type SyncFolder } from "./folders";
import type { CommandTable } from "./register";

export interface RunDependencies {
  readonly runs: RunService;
  readonly terminals: RunTerminals;
  readonly thread: SyncThread;
  readonly state: Memento;
  readonly rates: RateSource;
}

interface Started {
  readonly document: Uri;
  readonly choices: readonly Choice[];
  readonly request: RunRequest;
}

const CHOSEN_GPUS = "modalSandboxes.chosenGpus";

/** How a sandbox without a GPU is remembered, and one of a named spec. */
const CPU = "cpu";
const SPEC = "spec:";

export function runCommands({ runs, terminals, thread, state, rates }: RunDependencies): CommandTable {
  const last: { started?: Started } = {};

  const start = (started: Started): void => {
    last.started = started;
    terminals.open(runs.start(started.request));
  };

  return {
    "modalSandboxes.runFile": async (uri?: Uri) => {
      const document = await documentToRun(uri);
      const launcher = await launcherFor(document);
      const place = launcher && (await placeOf(document, thread));
      if (!place) return;
      const choices = await pickChoices(`Run ${basename(document.fileName)} On`, rememberedChoices(state), rates);
      if (!choices || choices.length === 0) return;
      await state.update(CHOSEN_GPUS, choices.map(remembered));

      const saved = await save(document);
      start({ document: saved.uri, choices, request: await requestFor(saved, launcher, { place, choices }) });
    },

    "modalSandboxes.runFileAgain": async () => {
      if (!last.started) throw nothingRun();
      const { document, choices, request } = last.started;
      const open = workspace.textDocuments.find(({ uri }) => uri.toString() === document.toString());
      const saved = open && (await save(open));
      const again = {
        ...request,
        specs: await specsOf(choices, request.folder),
        ...(saved && { target: withText(request.target, saved.getText()) }),
      };
      start({ document: saved?.uri ?? document, choices, request: again });
    },

    "modalSandboxes.showRun": (node?: RunNode) => {
      const run = node ? runs.runs.find(({ id }) => id === node.runId) : runs.runs.at(-1);
      if (run) terminals.show(run);
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

/** How the file gets into the sandbox; asks where the sync would leave it out. */
async function placeOf(document: TextDocument, thread: SyncThread): Promise<Place | undefined> {
  const folder = folderOf(document.uri);
  if (!folder || document.isUntitled || (await leadsOut(folder.path, document.uri.fsPath))) return "loose";
  const isSent = await mustBeSent(thread, folder.path, pathIn(folder, document.uri));
  return isSent === undefined ? undefined : isSent ? "excluded" : "synced";
}

type Place = TargetFile["kind"];

/** Whether it is behind a link out of the folder: a sync takes along the link, but not what it leads to. */
async function leadsOut(root: string, path: string): Promise<boolean> {
  const inside = await Promise.all([realpath(root), realpath(path)]).then(
    ([from, to]) => relative(from, to),
    () => "",
  );
  return inside === ".." || inside.startsWith(`..${sep}`) || isAbsolute(inside);
}

async function requestFor(
  document: TextDocument,
  launcher: Launcher,
  { place, choices }: { readonly place: Place; readonly choices: readonly Choice[] },
): Promise<RunRequest> {
  const folder = folderOf(document.uri);
  return {
    target: targetOf(basename(document.fileName), launcher, fileOf(document, place, launcher.extension)),
    folder: folder?.path,
    remotePath: folder?.remotePath ?? remotePath(),
    specs: await specsOf(choices, folder?.path),
  };
}

/** What was chosen, as the settings and the folder's files have it at this moment. */
function specsOf(choices: readonly Choice[], folder: string | undefined): Promise<SandboxSpec[]> {
  const definitions = choices.map(({ gpu, spec }) =>
    spec === undefined ? settingsDefinition(gpu) : namedDefinition(spec),
  );
  return Promise.all(definitions.map((definition) => resolveSpec(definition, folder)));
}

/** `extension` is for a loose file that has none. */
function fileOf(document: TextDocument, place: Place, extension: string): TargetFile {
  const folder = folderOf(document.uri);
  if (folder && place === "synced") return { kind: place, path: pathIn(folder, document.uri) };
  const content = document.getText();
  if (folder && place === "excluded") return { kind: place, path: pathIn(folder, document.uri), content };
  const name = basename(document.fileName);
  return { kind: "loose", name: extname(name) === "" ? name + extension : name, content };
}

/** The same with what the editor has of a file that is sent by itself. */
const withText = (target: RunTarget, content: string): RunTarget =>
  target.file && target.file.kind !== "synced" ? { ...target, file: { ...target.file, content } } : target;

const pathIn = (folder: SyncFolder, { fsPath }: Uri): string =>
  relative(folder.path, fsPath).split(sep).join(posix.sep);

const remembered = ({ gpu, spec }: Choice): string => {
  if (spec !== undefined) return SPEC + spec;
  return gpu ? gpuArgument(gpu) : CPU;
};

function rememberedChoices(state: Memento): Choice[] {
  const stored = state.get(CHOSEN_GPUS);
  if (!Array.isArray(stored)) return defaultGpus().map((gpu) => ({ gpu }));
  return stored.flatMap((text) => (typeof text === "string" ? choiceOf(text) : []));
}

function choiceOf(text: string): Choice[] {
  if (text === CPU) return [{ gpu: undefined }];
  const spec = text.startsWith(SPEC) ? text.slice(SPEC.length) : undefined;
  if (spec !== undefined) return spec in writtenSpecs() ? [{ gpu: undefined, spec }] : [];
  const gpu = parseGpu(text);
  return gpu ? [{ gpu }] : [];
}

const noFile = () =>
  new UserError("No file is open. Open the file that you want to run.", {
    actions: [{ title: "Open File…", command: "workbench.action.files.openFile" }],
  });

const nothingRun = () =>
  new UserError("Nothing was run in this window yet.", {
    actions: [{ title: "Run Current File on GPU…", command: "modalSandboxes.runFile" }],
  });
