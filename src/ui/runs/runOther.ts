import { posix } from "node:path";
import { FileType, Uri, window, workspace } from "vscode";
import { UserError } from "../../base/errors";
import { isWords } from "../../base/guards";
import type { SecretStore } from "../../base/ports";
import { commandTarget, moduleTarget } from "../../run/target/commandTarget";
import { FileMemory } from "../../run/target/fileMemory";
import { modulePlace, type ModulePlace } from "../../run/target/moduleName";
import { withOptions, type RunOptionsMemory } from "../../run/target/runOptions";
import type { RunTarget } from "../../run/target/target";
import { pickCommand } from "../pickers/commandPicker";
import { askOptions } from "../pickers/optionsPicker";
import { askText } from "../pickers/steps";
import { folderOf, pickFolder, type SyncFolder } from "../pickers/folders";
import type { CommandTable } from "../commands/register";
import { pathIn } from "./runnableFile";
import type { RunStarter } from "./runStarter";

const KEPT_COMMANDS = 20;

/** The commands that run something other than a file or part of one. */
export function runOtherCommands(starter: RunStarter, memory: RunOptionsMemory, secrets: SecretStore): CommandTable {
  const commands = new FileMemory({ secrets, key: "modalSandboxes.commands", isValue: isWords, maxFiles: 50 });
  const run = (target: RunTarget, folder: SyncFolder) =>
    starter.run({
      label: target.label,
      folder,
      target: async () => {
        await saveAll();
        return target;
      },
    });

  return {
    "modalSandboxes.runModule": async (uri?: Uri) => {
      const chosen = uri ?? window.activeTextEditor?.document.uri;
      const folder = (chosen && folderOf(chosen)) ?? (await pickFolder());
      if (!folder) return;
      const place = chosen && (await placeOfModule(folder, chosen));
      const module = await askModule(place?.module ?? "");
      if (module === undefined) return;

      const key = `${Uri.file(folder.path).toString()} -m ${module}`;
      const options = await askOptions(`Run ${module} With`, await memory.of(key));
      if (!options) return;
      await memory.remember(key, options);
      const workdir = place?.module === module ? place.workdir : "";
      await run(withOptions({ ...moduleTarget(module), workdir }, options), folder);
    },

    "modalSandboxes.runCommand": async (uri?: Uri) => {
      const folder = (uri && folderOf(uri)) ?? (await pickFolder());
      if (!folder) return;
      const used = (await commands.of(folder.path)) ?? [];
      const command = await pickCommand(`Run in ${folder.name}`, used);
      if (command === undefined) return;
      const others = used.filter((known) => known !== command);
      await commands.remember(folder.path, [command, ...others].slice(0, KEPT_COMMANDS));
      const workdir = uri && (await isFolder(uri)) ? pathIn(folder, uri) : "";
      await run({ ...commandTarget(command), workdir }, folder);
    },
  };
}

async function askModule(value: string): Promise<string | undefined> {
  const answer = await askText({
    title: "Run Module",
    hasBack: false,
    prompt: "The module, as in python -m",
    placeholder: "package.module",
    value,
    complaint: (text) => (/^\w+(\.\w+)*$/u.test(text) ? undefined : "Enter a module such as package.module"),
  });
  return answer?.kind === "answered" ? answer.value : undefined;
}

/** Returns the Python module of a file or folder, if it is one. */
async function placeOfModule(folder: SyncFolder, uri: Uri): Promise<ModulePlace | undefined> {
  const path = pathIn(folder, uri);
  const isModule = /\.pyw?$/.test(path) || (path !== "" && (await isFolder(uri)));
  if (!isModule) return undefined;
  const parts = path.split("/");
  const above = parts.map((_, index) => parts.slice(0, index + 1).join("/"));
  const packages = await Promise.all(above.map(async (at) => ((await isPackage(folder, at)) ? [at] : [])));
  return modulePlace(path, new Set(packages.flat()));
}

const isPackage = ({ path }: SyncFolder, at: string): Promise<boolean> =>
  exists(Uri.file(posix.join(path, at, "__init__.py")));

const exists = (uri: Uri): Promise<boolean> =>
  Promise.resolve(workspace.fs.stat(uri)).then(
    () => true,
    () => false,
  );

const isFolder = async (uri: Uri): Promise<boolean> => ((await workspace.fs.stat(uri)).type & FileType.Directory) !== 0;

/** Saves all editors, so that the sandbox gets what is on the screen. */
async function saveAll(): Promise<void> {
  if (!(await workspace.saveAll(false))) throw notSaved();
}

const notSaved = () => new UserError("Some files could not be saved, so nothing has run. Save them and try again.");
