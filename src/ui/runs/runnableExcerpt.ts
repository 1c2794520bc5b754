import { createHash } from "node:crypto";
import { basename, posix } from "node:path";
import type { TextDocument } from "vscode";
import { excerpt, type TextRange } from "../../run/target/excerpt";
import { launchers, type Launcher } from "../../run/target/launchers";
import { pythonExcerpt } from "../../run/target/pythonExcerpt";
import { scriptNeeds } from "../../run/target/scriptNeeds";
import { targetOf, type TargetFile } from "../../run/target/target";
import { SELECTION_PREFIX } from "../../sync/rules/builtinExcludes";
import type { SyncFolder } from "../pickers/folders";
import { homeOf, launcherFor, launcherOf, pathIn, saveDocument } from "./runnableFile";
import type { Runnable } from "./runStarter";

/** Returns a part of a file as it is now, ready to run; `undefined` if the user dismissed it. */
export async function runnableExcerpt(
  document: TextDocument,
  ranges: readonly TextRange[],
  label: string,
): Promise<Runnable | undefined> {
  const launcher = await launcherOf(document);
  if (!launcher) return undefined;
  const folder = await homeOf(document);
  const text = document.getText();
  const source = excerpt(text, ranges);
  const file =
    launcher === launchers.python ? python(document, folder, source) : nextToFile(document, folder, source, launcher);
  const target = targetOf(label, launcherFor(launcher, text), file);
  const save = async () => {
    await saveDocument(document);
    return target;
  };
  return { label, folder, target: save };
}

/** Gives the excerpt the file's own name and line numbers, so that `__file__` and tracebacks are right. */
function python(document: TextDocument, folder: SyncFolder | undefined, source: string): TargetFile {
  const name = basename(document.fileName);
  const path = folder ? posix.join(folder.remotePath, pathIn(folder, document.uri)) : name;
  const head = scriptNeeds(document.getText())?.block ?? "";
  return { kind: "loose", name, content: pythonExcerpt(path, source, head) };
}

/** Puts the excerpt next to the file, so that relative paths work. */
function nextToFile(
  document: TextDocument,
  folder: SyncFolder | undefined,
  source: string,
  { extension }: Launcher,
): TargetFile {
  const name = basename(document.fileName);
  const content = source;
  if (!folder) return { kind: "loose", name: posix.extname(name) === "" ? name + extension : name, content };
  const digest = createHash("sha256").update(content).digest("hex").slice(0, 8);
  const path = posix.join(posix.dirname(pathIn(folder, document.uri)), `${SELECTION_PREFIX}${digest}-${name}`);
  return { kind: "excluded", path, content };
}
