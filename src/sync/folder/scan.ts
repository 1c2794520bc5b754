import { lstatSync, readdirSync, readlinkSync } from "node:fs";
import type { Dirent, Stats } from "node:fs";
import { sep } from "node:path";

import { codeOf, messageOf } from "../../base/errors";
import { folderExclude, type FolderExclude } from "../rules/builtinExcludes";
import { unsettled, type DirectoryEntry, type FileEntry, type FolderEntry, type SkippedEntry } from "./folderEntry";
import type { SymlinkEntry } from "./folderEntry";
import { readRules, rulesAbove } from "../rules/rulesAbove";
import { GITIGNORE, MODALIGNORE, SyncRules, type RulesFiles } from "../rules/syncRules";

export interface Scan {
  /** Folders come before their content. An unchanged entry is the same object as in the previous scan. */
  readonly entries: readonly FolderEntry[];
  readonly skipped: readonly SkippedEntry[];
  readonly files: number;
  readonly bytes: number;
  readonly rules: ScannedRules;
}

/** The rules that a scan applied. */
export interface ScannedRules {
  /** The key of the `OuterRules`. */
  readonly outerKey: string;
  /** The contents of the rules files, by folder. */
  readonly files: ReadonlyMap<string, RulesFiles>;
}

/** Lists the entries that a push of `root` includes. Throws only if `root` itself cannot be read. */
export const scan = (root: string): Scan => new Scanner(root).scan();

/**
 * Lists the entries that a push of `root` includes, repeatedly: a folder whose own times did not change is not listed
 * again, only its files are checked. Synchronous: awaited calls take 20 times as long as synchronous ones, so this runs
 * in a worker.
 */
export class Scanner {
  readonly #root: string;
  #top: FolderNode | undefined;
  #outerKey = "";

  /** @param root absolute, with links resolved */
  constructor(root: string) {
    this.#root = root;
  }

  scan(): Scan {
    const outer = rulesAbove(this.#root);
    const known = outer.key === this.#outerKey ? this.#top : undefined;
    this.#outerKey = outer.key;
    const walk = new Walk(this.#root);
    this.#top = (known && attempt(() => walk.revisit(known))) ?? walk.visit("", new SyncRules(outer.rules));
    return collect(this.#top, this.#outerKey);
  }
}

/**
 * If anything goes wrong while revisiting, such as a changed rules file or a missing folder, a complete scan follows.
 */
function attempt(revisit: () => FolderNode): FolderNode | undefined {
  try {
    return revisit();
  } catch {
    return undefined;
  }
}

interface FolderNode {
  readonly path: string;
  /** Undefined for the root. */
  readonly entry: DirectoryEntry | undefined;
  /** The folder's times; "" if its listing must not be reused. */
  readonly stamp: string;
  /** The stamp of its rules files. */
  readonly rulesStamp: string;
  /** The contents of its rules files, if it has any. */
  readonly rulesFiles: RulesFiles | undefined;
  /** The rules that apply inside. */
  readonly rules: SyncRules;
  children: readonly Child[];
  readonly skipped: readonly SkippedEntry[];
}

type Child = FolderNode | FileEntry | SymlinkEntry;

/** A rules file was added, removed or changed, so nothing known about ignored entries is valid. */
class RulesMoved extends Error {}

class Walk {
  readonly #root: string;
  readonly #startedAt = Date.now();

  constructor(root: string) {
    this.#root = root;
  }

  /** Updates a folder that was visited before. */
  revisit(node: FolderNode): FolderNode {
    const stats = lstatSync(this.#absolute(node.path));
    if (node.rulesStamp !== "" && node.rulesStamp !== this.#rulesStamp(node.path)) throw new RulesMoved();
    if (node.stamp === "" || node.stamp !== stampOf(stats)) return this.#list(node.path, stats, node.rules, node);

    node.children = node.children.map((child) => {
      if (!("kind" in child)) return this.revisit(child);
      return child.kind === "file" ? this.#refresh(child) : child;
    });
    return node;
  }

  /** @param outerRules the rules of the parent folder */
  visit(path: string, outerRules: SyncRules): FolderNode {
    return this.#list(path, lstatSync(this.#absolute(path)), outerRules, undefined);
  }

  /** @param rules the outer ones, or those inside if the folder is `known` */
  #list(path: string, stats: Stats, rules: SyncRules, known: FolderNode | undefined): FolderNode {
    const listing = readdirSync(this.#absolute(path), { withFileTypes: true });
    const exclude = path === "" ? undefined : folderExclude(new Set(listing.map(({ name }) => name)));
    if (exclude !== undefined && !rules.includesByName(path, true)) throw new LeftOut(exclude);
    const hasRules = listing.some(
      (entry) => (entry.name === GITIGNORE || entry.name === MODALIGNORE) && entry.isFile(),
    );
    const rulesStamp = hasRules ? this.#rulesStamp(path) : "";
    if (known && known.rulesStamp !== rulesStamp) throw new RulesMoved();
    const rulesFiles = known ? known.rulesFiles : hasRules ? this.#readRules(path) : undefined;
    const inner = known || !rulesFiles ? rules : rules.within(path, rulesFiles);

    const before = new Map(known?.children.map((child) => [child.path, child]));
    const children: Child[] = [];
    const skipped: SkippedEntry[] = [];
    let isCertain = this.#hasSettled(stats);
    let holdsResults = false;
    for (const entry of listing) {
      const childPath = path === "" ? entry.name : `${path}/${entry.name}`;
      const exclusion = inner.exclusion(childPath, entry.name, entry.isDirectory());
      if (exclusion === "secret") skipped.push({ path: childPath, reason: SECRET });
      if (exclusion !== undefined) continue;
      try {
        const child = this.#child(childPath, entry, inner, before.get(childPath));
        if (child) children.push(child);
        else skipped.push({ path: childPath, reason: "isn't a file, a folder or a link" });
      } catch (error) {
        if (error instanceof LeftOut) {
          holdsResults ||= error.reason === "results";
          continue;
        }
        if (error instanceof RulesMoved) throw error;
        skipped.push({ path: childPath, reason: reasonOf(error, childPath) });
        isCertain = false;
      }
    }
    // A folder that contains only results is not one of the user's folders.
    const isForResults = holdsResults && children.length === 0;
    const entry = isForResults ? undefined : this.#directoryEntry(path, stats, known?.entry);
    const stamp = isCertain ? stampOf(stats) : "";
    return { path, entry, stamp, rulesStamp, rulesFiles, rules: inner, children, skipped };
  }

  #child(path: string, entry: Dirent, rules: SyncRules, known: Child | undefined): Child | undefined {
    if (entry.isDirectory()) {
      return known && !("kind" in known) ? this.revisit(known) : this.visit(path, rules);
    }
    const absolute = this.#absolute(path);
    const stats = lstatSync(absolute);
    if (stats.isFile()) return this.#fileEntry(path, stats, known);
    if (!stats.isSymbolicLink()) return undefined;
    const target = readlinkSync(absolute).replaceAll(sep, "/");
    const isKnown = known && "kind" in known && known.kind === "symlink";
    if (isKnown && known.target === target && known.mtimeMs === stats.mtimeMs) return known;
    return { kind: "symlink", path, mode: 0o777, mtimeMs: stats.mtimeMs, target };
  }

  /** Updates a file in a folder whose names have not changed. */
  #refresh(known: FileEntry): FileEntry {
    const stats = lstatSync(this.#absolute(known.path), { throwIfNoEntry: false });
    return stats?.isFile() ? this.#fileEntry(known.path, stats, known) : known;
  }

  #fileEntry(path: string, stats: Stats, known: Child | undefined): FileEntry {
    const { mtimeMs, size, ctimeMs, ino } = stats;
    const mode = modeOf(stats);
    if (known && "kind" in known && known.kind === "file" && known.ctimeMs === ctimeMs) {
      if (known.mtimeMs === mtimeMs && known.size === size && known.ino === ino && known.mode === mode) return known;
    }
    return {
      kind: "file",
      path,
      mode,
      mtimeMs,
      size,
      ctimeMs: this.#hasSettled(stats) ? ctimeMs : unsettled(ctimeMs),
      ino,
    };
  }

  #directoryEntry(path: string, stats: Stats, known: DirectoryEntry | undefined): DirectoryEntry | undefined {
    if (path === "") return undefined;
    const mode = modeOf(stats);
    if (known?.mode === mode) return known;
    return { kind: "directory", path, mode, mtimeMs: stats.mtimeMs };
  }

  /** True if any change after this scan is certain to change the times. */
  #hasSettled({ mtimeMs, ctimeMs }: Stats): boolean {
    const tickMs = Number.isInteger(mtimeMs / 1000) ? COARSE_TICK_MS : FINE_TICK_MS;
    // A time in the future was set by hand or by another clock; a change still changes the ctime.
    const future = this.#startedAt + COARSE_TICK_MS;
    const latest = mtimeMs > future ? ctimeMs : Math.max(mtimeMs, ctimeMs);
    return latest < this.#startedAt - tickMs || ctimeMs > future;
  }

  #rulesStamp(folder: string): string {
    const stamp = (name: string) => {
      const stats = lstatSync(`${this.#absolute(folder)}/${name}`, { throwIfNoEntry: false });
      return stats ? `${stampOf(stats)} ${stats.size} ${String(this.#hasSettled(stats) || stats.ctimeMs)}` : "";
    };
    return `${stamp(GITIGNORE)}|${stamp(MODALIGNORE)}`;
  }

  #readRules(folder: string): RulesFiles {
    const absolute = this.#absolute(folder);
    return { gitignore: readRules(absolute, GITIGNORE), modalignore: readRules(absolute, MODALIGNORE) };
  }

  #absolute(path: string): string {
    return path === "" ? this.#root : `${this.#root}/${path}`;
  }
}

/** A folder that is excluded because of its content. */
class LeftOut extends Error {
  readonly reason: FolderExclude;

  constructor(reason: FolderExclude) {
    super(reason);
    this.reason = reason;
  }
}

const SECRET = "is not pushed because it may hold secrets";

/** FAT file systems have a resolution of 2 s; all others in use today have at most one kernel tick. */
const COARSE_TICK_MS = 2000;
export const FINE_TICK_MS = 20;

const stampOf = ({ mtimeMs, ctimeMs, ino, mode }: Stats): string => `${mtimeMs} ${ctimeMs} ${ino} ${mode}`;

/** Windows has no permission bits, so every file there is executable. */
const modeOf = (stats: Stats): number => (sep === "\\" ? 0o755 : stats.mode & 0o7777);

function collect(top: FolderNode, outerKey: string): Scan {
  const entries: FolderEntry[] = [];
  const skipped: SkippedEntry[] = [];
  const rulesFiles = new Map<string, RulesFiles>();
  let files = 0;
  let bytes = 0;
  const add = (node: FolderNode) => {
    if (node.entry) entries.push(node.entry);
    if (node.rulesFiles) rulesFiles.set(node.path, node.rulesFiles);
    skipped.push(...node.skipped);
    for (const child of node.children) {
      if (!("kind" in child)) add(child);
      else {
        entries.push(child);
        if (child.kind !== "file") continue;
        files += 1;
        bytes += child.size;
      }
    }
  };
  add(top);
  return { entries, skipped, files, bytes, rules: { outerKey, files: rulesFiles } };
}

/** Node replaces bytes of a name that are not UTF-8 with U+FFFD, and the file is then not found under that name. */
function reasonOf(error: unknown, path: string): string {
  if (codeOf(error) === "ENOENT") {
    return path.includes("\uFFFD") ? "has a name that is not UTF-8" : "vanished during the scan";
  }
  return codeOf(error) === "EACCES" ? "cannot be read: permission denied" : `cannot be read: ${messageOf(error)}`;
}
