import { Position, Uri } from "vscode";
import { localFile } from "../run/output/localPaths";
import type { Run } from "../run/run";
import type { Frame } from "../run/output/tracebacks";
import { allFolders } from "./pickers/folders";

/** A place in a file on this machine. */
export interface LocalPlace {
  readonly uri: Uri;
  readonly position: Position;
}

/** Finds the local counterpart of a place in a run's sandbox; `undefined` if the file is not on this machine. */
export async function localPlace({ path, line, column = 1 }: Frame, { target }: Run): Promise<LocalPlace | undefined> {
  const found = await localFile(path, allFolders(), target.workdir);
  if (found === undefined) return undefined;
  return { uri: Uri.file(found), position: new Position(Math.max(0, line - 1), Math.max(0, column - 1)) };
}
