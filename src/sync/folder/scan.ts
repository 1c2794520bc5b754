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
  /** Folders come before what they hold. An entry that did not change is the object of the scan before. */
  readonly entries: readonly FolderEntry[];
  readonly skipped: readonly SkippedEntry[];
  readonly files: number;
  readonly bytes: number;
  readonly rules: ScannedRules;
}

/** The rules that a scan went by. */
export interface ScannedRules {
  /** As of `OuterRules`. */
  readonly outerKey: string;
  /** The texts of the rules files, by folder. */
  readonly files: ReadonlyMap<string, RulesFiles>;
}

/** Lists what a push of `root` sends, once. Throws only if `root` itself cannot be read. */
export const scan = (root: string): Scan => new Scanner(root).scan();

/**
 * Lists what a push of `root` sends, again and again: a folder whose own times did not move is not listed anew, its
 * files are only looked at. Blocks: an awaited call costs 20 times a synchronous one, so this belongs in a worker.
 */
export class Scanner {
  readonly #root: string;
  #top: FolderNode | undefined;
  #outerKey = "";

  /** @param root absolute, links resolved */
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

/** Whatever comes between a revisit and its end, a rules file or a folder that is gone, a whole walk sorts out. */
function attempt(revisit: () => FolderNode): FolderNode | undefined {
  try {
    return revisit();
  } catch {
    return undefined;
  }
}

interface FolderNode {
  readonly path: string;
  /** None for the root. */
  readonly entry: DirectoryEntry | undefined;
  /** The folder's times; "" where its listing must not be relied upon. */
  readonly stamp: string;
  /** Of its rules files. */
  readonly rulesStamp: string;
  /** Their texts, if it has any. */
  readonly rulesFiles: RulesFiles | undefined;
  /** In force inside. */
  readonly rules: SyncRules;
  children: readonly Child[];
  readonly skipped: readonly SkippedEntry[];
}

type Child = FolderNode | FileEntry | SymlinkEntry;

/** A rules file came, went or changed: nothing that was known about ignored entries holds. */
class RulesMoved extends Error {}

class Walk {
  readonly #root: string;
  readonly #startedAt = Date.now();

  constructor(root: string) {
    this.#root = root;
  }

  /** Looks at a folder that was visited before. */
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

  /** @param outerRules those of the folder around it */
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
        else skipped.push({ path: childPath, reason: "is neither a file, a folder nor a link" });
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
    // A folder for nothing but results is no folder of the user's.
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

  /** A file in a folder that holds the same names as before. */
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

  /** Whether a change after this scan is certain to move the times. */
  #hasSettled({ mtimeMs, ctimeMs }: Stats): boolean {
    const tickMs = Number.isInteger(mtimeMs / 1000) ? COARSE_TICK_MS : FINE_TICK_MS;
    // What lies in the future was set by hand or by another clock; the change time moves all the same.
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

/** A folder that turned out, when it was listed, to stay out. */
class LeftOut extends Error {
  readonly reason: FolderExclude;

  constructor(reason: FolderExclude) {
    super(reason);
    this.reason = reason;
  }
}

const SECRET = "is kept back because it may hold secrets";

/** File systems of the FAT family count in 2 s, all others of today in no more than a kernel's tick. */
const COARSE_TICK_MS = 2000;
export const FINE_TICK_MS = 20;

const stampOf = ({ mtimeMs, ctimeMs, ino, mode }: Stats): string => `${mtimeMs} ${ctimeMs} ${ino} ${mode}`;

/** Windows keeps no permission bits: everything there may be executed. */
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

/** Node turns the bytes of a name that are not UTF-8 into U+FFFD, under which the file is then not found. */
function reasonOf(error: unknown, path: string): string {
  if (codeOf(error) === "ENOENT") {
    return path.includes("\uFFFD") ? "has a name that is not UTF-8" : "vanished during the scan";
  }
  return codeOf(error) === "EACCES" ? "cannot be read: permission denied" : `cannot be read: ${messageOf(error)}`;
}
