import { stat } from "node:fs/promises";
import { Position, Uri } from "vscode";
import { localPaths } from "../run/localPaths";
import type { Run } from "../run/run";
import type { Frame } from "../run/tracebacks";
import { allFolders } from "./commands/folders";

/** A place in a file of this machine. */
export interface LocalPlace {
  readonly uri: Uri;
  readonly position: Position;
}

/** Where a place in a run's sandbox is on this machine, if the file is here. */
export async function localPlace({ path, line, column = 1 }: Frame, { target }: Run): Promise<LocalPlace | undefined> {
  for (const candidate of localPaths(path, allFolders(), target.workdir)) {
    const found = await stat(candidate).catch(() => undefined);
    if (!found?.isFile()) continue;
    return { uri: Uri.file(candidate), position: new Position(Math.max(0, line - 1), Math.max(0, column - 1)) };
  }
  return undefined;
}
