import { lstatSync, readdirSync, watch, type FSWatcher } from "node:fs";
import { lstat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Readable, Writable } from "node:stream";
import type { WatchRequest } from "./request";

type EventType = "Create" | "Modify" | "Remove";

/**
 * Reports changes as JSON lines until stdin ends or the time is up. Node reveals less than the kernel: a move within
 * the folder is reported as a removal and a creation, a move onto an existing name as a change, and reads are not
 * reported.
 */
export async function watchPath(request: WatchRequest, input: Readable, output: Writable): Promise<void> {
  const isFolder = (await lstat(request.path)).isDirectory();
  const report = (type: EventType, path: string): void => {
    if (request.filter && !request.filter.includes(type)) return;
    output.write(`${JSON.stringify({ event_type: type, paths: [path] })}\n`);
  };
  const watcher = isFolder ? new TreeWatcher(request.path, request.recursive, report) : watchFile(request.path, report);
  try {
    await endOrTimeout(input, request.timeoutSeconds);
  } finally {
    watcher.close();
  }
}

function endOrTimeout(input: Readable, seconds: number | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = seconds === undefined ? undefined : setTimeout(resolve, seconds * 1000);
    const end = (): void => {
      clearTimeout(timer);
      resolve();
    };
    input.once("end", end).once("close", end).on("error", end).resume();
  });
}

type Report = (type: EventType, path: string) => void;

function watchFile(path: string, report: Report): FSWatcher {
  return watch(path, (kind) => report(kind === "change" || exists(path) ? "Modify" : "Remove", path));
}

/** One watcher for each folder, because Node's recursive watcher misses entries that a new folder already contains. */
class TreeWatcher {
  readonly #isRecursive: boolean;
  readonly #report: Report;
  readonly #folders = new Map<string, { readonly watcher: FSWatcher; readonly names: Set<string> }>();

  constructor(root: string, isRecursive: boolean, report: Report) {
    this.#isRecursive = isRecursive;
    this.#report = report;
    this.#add(root, () => undefined);
  }

  close(): void {
    for (const { watcher } of this.#folders.values()) watcher.close();
    this.#folders.clear();
  }

  #add(folder: string, found: (path: string) => void): void {
    const names = new Set<string>();
    const watcher = watch(folder, (kind, name) => {
      if (name !== null) this.#changed(folder, names, kind, name);
    });
    watcher.on("error", () => this.#drop(folder));
    this.#folders.set(folder, { watcher, names });
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      names.add(entry.name);
      const path = join(folder, entry.name);
      found(path);
      if (this.#isRecursive && entry.isDirectory()) this.#tryAdd(path, found);
    }
  }

  /**
   * The kernel names the changed entry, but reports creations and removals alike. The earlier entries tell them apart.
   */
  #changed(folder: string, names: Set<string>, kind: string, name: string): void {
    const path = join(folder, name);
    // The folder itself, reported by its own watcher and, if its parent is watched, by that one too.
    if (name === basename(folder) && !names.has(name) && !exists(path)) {
      if (!exists(folder)) this.#vanished(folder);
      return;
    }
    if (kind === "change") {
      this.#report("Modify", path);
      return;
    }
    const wasKnown = names.has(name);
    if (exists(path)) {
      names.add(name);
      this.#report(wasKnown ? "Modify" : "Create", path);
      if (!wasKnown && this.#isRecursive && isFolder(path))
        this.#tryAdd(path, (inner) => this.#report("Create", inner));
      return;
    }
    this.#drop(path);
    // The entry is already gone. If it was unknown, its creation is reported first, and the next event is its removal.
    if (wasKnown) names.delete(name);
    else names.add(name);
    this.#report(wasKnown ? "Remove" : "Create", path);
  }

  #vanished(folder: string): void {
    this.#drop(folder);
    if (!this.#folders.has(dirname(folder))) this.#report("Remove", folder);
  }

  #tryAdd(folder: string, found: (path: string) => void): void {
    try {
      this.#add(folder, found);
    } catch {
      // The folder is gone or unreadable.
    }
  }

  #drop(folder: string): void {
    for (const [path, { watcher }] of this.#folders) {
      if (path !== folder && !path.startsWith(`${folder}/`)) continue;
      watcher.close();
      this.#folders.delete(path);
    }
  }
}

const isFolder = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
const exists = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined;
