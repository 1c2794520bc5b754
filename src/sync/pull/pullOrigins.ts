import type { Stats } from "node:fs";

import type { FolderEntry } from "../folder/folderEntry";
import { isUnchangedHere } from "./pullPlan";

/** Remembers which run wrote the files of a folder, as long as the sync worker lives. */
export class PullOrigins {
  readonly #files = new Map<string, { readonly entry: FolderEntry; readonly from: string }>();

  /** @param entry the file as it was written here */
  note(entry: FolderEntry, from: string): void {
    this.#files.delete(entry.path);
    this.#files.set(entry.path, { entry, from });
    const [oldest] = this.#files.keys();
    if (this.#files.size > MOST_FILES && oldest !== undefined) this.#files.delete(oldest);
  }

  /** Returns the run that wrote the file at the path, unless it changed since. */
  of(path: string, here: Stats | undefined): string | undefined {
    const known = this.#files.get(path);
    return known && here && isUnchangedHere(here, known.entry) ? known.from : undefined;
  }
}

const MOST_FILES = 20_000;
