import { constants, lstatSync, openSync, closeSync, readFileSync, readdirSync, readlinkSync } from "node:fs";
import type { Dirent, Stats } from "node:fs";
import { basename, dirname, join, sep } from "node:path";

import { codeOf, messageOf } from "../base/errors";
import { builtinExclude, isEnvironment } from "./builtinExcludes";
import type { FolderEntry, SkippedEntry } from "./folderEntry";
import { IgnoreRules } from "./ignoreRules";

export interface Scan {
  /** Folders come before what they hold. */
  readonly entries: readonly FolderEntry[];
  readonly skipped: readonly SkippedEntry[];
  readonly files: number;
  readonly bytes: number;
}

/**
 * Lists what a push of `root` sends. Blocks: an awaited call costs 20 times a synchronous one, so this belongs in a
 * worker. Throws only if `root` itself cannot be read.
 */
export function scan(root: string): Scan {
  const scanner = new Scanner(root);
  scanner.scanRoot();
  return scanner;
}

class Scanner implements Scan {
  readonly entries: FolderEntry[] = [];
  readonly skipped: SkippedEntry[] = [];
  files = 0;
  bytes = 0;
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  scanRoot(): void {
    const listing = readdirSync(this.#root, { withFileTypes: true });
    this.#scanListing("", listing, rulesAbove(this.#root));
  }

  #scanListing(folder: string, listing: readonly Dirent[], outerRules: IgnoreRules): void {
    const gitignore = listing.some((entry) => entry.name === ".gitignore" && entry.isFile())
      ? readRules(join(this.#root, folder))
      : undefined;
    const rules = gitignore === undefined ? outerRules : outerRules.within(folder, gitignore);

    for (const entry of listing) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      const exclude = builtinExclude(entry.name);
      if (exclude === "clutter" || rules.ignores(path, entry.isDirectory())) continue;
      if (exclude === "secret") this.#skip(path, "is kept back because it may hold secrets");
      else this.#scanEntry(path, rules);
    }
  }

  #scanEntry(path: string, rules: IgnoreRules): void {
    const absolute = join(this.#root, path);
    try {
      const stats = lstatSync(absolute);
      if (stats.isDirectory()) this.#scanFolder(path, stats, rules);
      else if (stats.isFile()) this.#addFile(path, stats);
      else if (stats.isSymbolicLink()) {
        const target = readlinkSync(absolute).replaceAll(sep, "/");
        this.entries.push({ kind: "symlink", path, mode: 0o777, mtimeMs: stats.mtimeMs, target });
      } else this.#skip(path, "is neither a file, a folder nor a link");
    } catch (error) {
      this.#skip(path, reasonOf(error, path));
    }
  }

  #scanFolder(path: string, stats: Stats, rules: IgnoreRules): void {
    const listing = readdirSync(join(this.#root, path), { withFileTypes: true });
    if (isEnvironment(new Set(listing.map((entry) => entry.name)))) return;
    this.entries.push({ kind: "directory", path, mode: modeOf(stats), mtimeMs: stats.mtimeMs });
    this.#scanListing(path, listing, rules);
  }

  #addFile(path: string, stats: Stats): void {
    const { mtimeMs, size, ctimeMs, ino } = stats;
    this.entries.push({ kind: "file", path, mode: modeOf(stats), mtimeMs, size, ctimeMs, ino });
    this.files += 1;
    this.bytes += stats.size;
  }

  #skip(path: string, reason: string): void {
    this.skipped.push({ path, reason });
  }
}

/** Windows keeps no permission bits: everything there may be executed. */
const modeOf = (stats: Stats): number => (sep === "\\" ? 0o755 : stats.mode & 0o7777);

/** Node turns the bytes of a name that are not UTF-8 into U+FFFD, under which the file is then not found. */
function reasonOf(error: unknown, path: string): string {
  if (codeOf(error) === "ENOENT") {
    return path.includes("\uFFFD") ? "has a name that is not UTF-8" : "vanished during the scan";
  }
  return codeOf(error) === "EACCES" ? "cannot be read: permission denied" : `cannot be read: ${messageOf(error)}`;
}

/** The text of a folder's `.gitignore`. Like git, it does not follow a link, and goes without a file it cannot read. */
function readRules(folder: string): string | undefined {
  try {
    const file = openSync(join(folder, ".gitignore"), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      return readFileSync(file, "utf8");
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined;
  }
}

/**
 * The rules that the repository around `root` has for it. A repository that ignores `root` altogether (a home folder
 * under version control, say) has no say.
 */
function rulesAbove(root: string): IgnoreRules {
  if (isRepository(root)) return IgnoreRules.none;
  const ancestors: { folder: string; rootPath: string }[] = [];
  let rootPath = basename(root);
  for (let folder = dirname(root); ; folder = dirname(folder)) {
    ancestors.unshift({ folder, rootPath });
    if (isRepository(folder)) break;
    if (folder === dirname(folder)) return IgnoreRules.none;
    rootPath = `${basename(folder)}/${rootPath}`;
  }

  let rules = IgnoreRules.none;
  for (const { folder, rootPath: path } of ancestors) {
    const gitignore = readRules(folder);
    if (gitignore !== undefined) rules = rules.below(path, gitignore);
  }
  return rules.ignores("", true) ? IgnoreRules.none : rules;
}

const isRepository = (folder: string): boolean =>
  lstatSync(join(folder, ".git"), { throwIfNoEntry: false }) !== undefined;
