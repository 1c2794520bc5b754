import { lstatSync, mkdirSync, readlinkSync, realpathSync } from "node:fs";
import { join } from "node:path";

import type { BaselineStore } from "../folder/baseline";
import type { FolderEntry } from "../folder/folderEntry";
import { FolderWriter, type MayReplace } from "../folder/folderWriter";
import { PullBaselines } from "./pullBaselines";
import { isEverything, PullFilter } from "./pullFilter";
import { LocalFolder } from "../folder/localFolder";
import { PathGuard } from "../folder/pathGuard";
import type { PullOrigins } from "./pullOrigins";
import { upTo, withoutBiggest } from "./pullLimits";
import { removeLeftovers } from "./pullLeftovers";
import type {
  Conflict,
  PlanSummary,
  ProtectedCopy,
  PullCounts,
  PullDecision,
  PullOutcome,
  PullSince,
} from "./pullMessages";
import {
  archiveLimits,
  entryHere,
  entryThere,
  folderThere,
  isUnchangedHere,
  planPull,
  type PullPlan,
} from "./pullPlan";
import { namesOf, Recheck } from "./recheck";
import { ListingParser, type RemoteEntry } from "../remote/remoteListing";
import { refusePath, type NameRules } from "../folder/safePath";
import { Unpacker, type ArchiveEnd, type UnpackedEntry } from "../archive/unpack";

export interface PullContext {
  readonly baselines: BaselineStore;
  /** Of the folder. */
  readonly origins: PullOrigins;
  readonly rules: NameRules;
}

/** One pull, on the side of the disk: from the listing to the last file and the baseline. Blocks (see `scan`). */
export class PullSession {
  readonly #root: string;
  readonly #rules: NameRules;
  readonly #since: PullSince | undefined;
  readonly #known: PullBaselines | undefined;
  readonly #origins: PullOrigins;
  readonly #parser: ListingParser;
  #plan: PullPlan = { wanted: new Map(), guarded: new Map(), folders: [], bytes: 0, skipped: [] };
  #isPlanned = false;
  /** How many entries the limits of the pull left out. */
  #withheldCount = 0;
  #isSynced: (entry: RemoteEntry) => boolean = () => false;
  #writer: FolderWriter | undefined;
  #unpacker: Unpacker | undefined;
  /** What has come. */
  #counts: PullCounts = { files: 0, bytes: 0, path: "" };
  /** What was written here. */
  #written = { files: 0, bytes: 0 };
  readonly #recheck = new Recheck();
  readonly #conflicts: Conflict[] = [];
  readonly #copies: ProtectedCopy[] = [];
  readonly #arrived = new Set<string>();
  /** What both sides are known to hold from now on. */
  readonly #learned: FolderEntry[] = [];
  /** As `#learned`, of what is not here under its name: a push that knew it would delete it in the sandbox. */
  readonly #learnedThere: FolderEntry[] = [];
  /** What ended it before its time. */
  #failure: { readonly error: unknown } | undefined;

  /**
   * @param root absolute, links resolved
   * @param path of what is pulled, if that is not everything
   */
  constructor(root: string, since: PullSince | undefined, { baselines, origins, rules }: PullContext, path?: string) {
    this.#root = root;
    this.#parser = new ListingParser(path);
    this.#rules = rules;
    this.#since = since;
    this.#known = since && new PullBaselines(since, baselines);
    this.#origins = origins;
  }

  get counts(): PullCounts {
    return this.#counts;
  }

  /** True once nothing more of the stream under way is of use. */
  get isEnough(): boolean {
    return this.#failure !== undefined || (this.#unpacker?.isOver ?? this.#parser.isTooMuch);
  }

  /** What goes wrong here is thrown by what is called next. */
  write(block: Uint8Array): void {
    if (this.#failure) return;
    try {
      if (this.#unpacker) this.#unpacker.write(block);
      else this.#parser.write(block);
    } catch (error) {
      this.#failure = { error };
      this.#writer?.dispose();
    }
  }

  plan(): PlanSummary {
    if (this.#failure) throw this.#failure.error;
    const listing = this.#parser.entries;
    const since = this.#since;
    const here = new LocalFolder(this.#root);
    const filter = since && new PullFilter(this.#root, here, since.patterns, listing);
    const takes = (entry: RemoteEntry) => !filter || (filter.takes(entry) && !this.#known?.isTaken(entry));
    this.#isSynced = filter ? (entry) => filter.isSynced(entry) : () => false;
    this.#plan = planPull(
      listing,
      (path) => this.#knownOf(path, here),
      takes,
      new PathGuard(since?.into === undefined ? here : new LocalFolder(join(this.#root, since.into)), listing),
      this.#rules,
      this.#known?.confirmedIn(listing) ?? (() => undefined),
    );

    this.#isPlanned = this.#parser.isWhole && !this.#parser.isTooMuch;
    const files = [...this.#plan.wanted.values()];
    const biggest = files.filter(({ kind }) => kind === "file").sort((a, b) => b.size - a.size);
    const isEmpty = listing.length === 0 && (this.#known?.known.size ?? 0) > 0;
    return {
      entries: listing.length,
      files: files.length,
      bytes: this.#plan.bytes,
      biggest: biggest.slice(0, 3).map(({ path, size }) => ({ path, bytes: size })),
      existing: since ? 0 : files.filter(({ path }) => here.stats(path)?.isDirectory() === false).length,
      listing: this.#parser.isTooMuch ? "tooMuch" : !this.#parser.isWhole ? "cut" : isEmpty ? "empty" : "whole",
    };
  }

  /**
   * Takes everything that programs made and no pull brought for left there.
   * @param listing what the lister printed
   * @returns false if that is incomplete
   */
  noteUnseen(listing: string): boolean {
    this.write(Buffer.from(listing));
    this.plan();
    if (this.#isPlanned) this.finish(true);
    return this.#isPlanned;
  }

  /** @returns the names to ask for */
  start({ isOverwriting, maxBytes, maxFiles = Number.MAX_SAFE_INTEGER }: PullDecision): Uint8Array<ArrayBuffer> {
    removeLeftovers(this.#root);
    const refusedCount = this.#plan.skipped.length;
    this.#plan = upTo(maxFiles, withoutBiggest(this.#plan, maxBytes));
    this.#withheldCount = this.#plan.skipped.length - refusedCount;
    const { wanted, guarded } = this.#plan;
    this.#writer = new FolderWriter({
      root: this.#openTarget(),
      stagingIn: this.#root,
      mayReplace: this.#mayReplace(isOverwriting),
      copyNameOf: (path) => guarded.get(path)?.copyName,
      from: this.#since?.from,
    });
    this.#unpacker = new Unpacker({
      writer: this.#writer,
      rules: this.#rules,
      wanted,
      limits: archiveLimits(this.#plan),
      onComplete: (path, size) => {
        this.#counts = { files: this.#counts.files + 1, bytes: this.#counts.bytes + size, path };
      },
      onPlaced: (entry) => {
        this.#note(entry);
      },
    });
    return namesOf(wanted.keys());
  }

  /** @returns the names to ask for once more, since these changed while the sandbox read them */
  recheck(changed: string): Uint8Array<ArrayBuffer> {
    if (this.#failure) throw this.#failure.error;
    return namesOf(this.#recheck.drop(this.#unpacker, changed));
  }

  /** @param isStopped the rest of the archive will not come */
  finish(isStopped: boolean): PullOutcome {
    if (this.#failure) throw this.#failure.error;
    const unpacker = this.#unpacker;
    if (isStopped) unpacker?.abandon();
    const end: ArchiveEnd = unpacker?.finish() ?? { kind: "cut", detail: "The pull was cancelled." };
    const madeFolders = isStopped ? [] : this.#makeFolders();
    this.#writer?.dispose();
    const [here, there] = [[...madeFolders, ...this.#learned], this.#learnedThere];
    if (this.#since?.into === undefined)
      this.#known?.learn({ here, there }, (entry) => this.#isSynced(entry), this.#plan);
    else if (this.#isPlanned) {
      const wanted = [...this.#plan.wanted.keys(), ...this.#plan.skipped.map(({ path }) => path)];
      this.#known?.take({
        taken: [...this.#plan.folders.map(folderThere), ...here, ...there],
        left: wanted.filter((path) => !this.#arrived.has(path)),
        listing: this.#parser.entries,
        isAll: isEverything(this.#since.patterns),
      });
    }

    const refused = new Set(unpacker?.refused.map(({ path }) => path));
    const missing = [...this.#plan.wanted.keys()].filter((path) => !this.#arrived.has(path));
    const changing = new Set(this.#recheck.changing);
    const gone = end.kind === "whole" ? missing.filter((path) => !refused.has(path) && !changing.has(path)) : [];
    const vanished = gone.map((path) => ({ path, reason: VANISHED }));
    const { invalid, invalidCount } = this.#parser;
    const skipped = [...this.#plan.skipped, ...(unpacker?.refused ?? []), ...vanished, ...invalid];
    return {
      ...this.#written,
      conflicts: this.#conflicts,
      copies: this.#copies,
      skipped: skipped.slice(0, 1000),
      skippedCount: skipped.length + invalidCount - invalid.length + (unpacker?.refusedMore ?? 0),
      changing: this.#recheck.changing,
      leftCount:
        this.#withheldCount + (end.kind === "whole" ? (unpacker?.blocked.size ?? 0) + changing.size : missing.length),
      end,
    };
  }

  #note({ path, placed, bytes, target }: UnpackedEntry): void {
    this.#arrived.add(path);
    const there = this.#plan.wanted.get(path);
    if (placed.kind === "copied") {
      const isHere = placed.stats !== undefined;
      const guarded = this.#plan.guarded.get(path);
      const other = this.#origins.of(path, placed.stats);
      if (guarded) this.#copies.push({ path, copy: placed.copy, reason: guarded.reason, isHere });
      else this.#conflicts.push({ path, copy: placed.copy, ...(other !== undefined && { other }) });
      if (there) (isHere ? this.#learned : this.#learnedThere).push(entryThere(there, target));
    } else if (this.#since?.into === undefined) {
      const entry = entryHere(path, placed.stats, target, there);
      this.#learned.push(entry);
      if (placed.kind === "written" && this.#since?.from !== undefined) this.#origins.note(entry, this.#since.from);
    } else if (there) this.#learned.push(entryThere(there, target));
    if (placed.kind === "same") return;
    this.#written = { files: this.#written.files + 1, bytes: this.#written.bytes + bytes };
  }

  /** Those that nothing was put into, too. */
  #makeFolders(): FolderEntry[] {
    const made: FolderEntry[] = [];
    for (const { path, mode } of this.#plan.folders) {
      try {
        if (refusePath(path, this.#rules) !== undefined) continue;
        this.#writer?.makeFolder(path, mode);
        const stats = this.#stats(path);
        if (this.#since?.into === undefined && stats?.isDirectory())
          made.push({ kind: "directory", path, mode: stats.mode & 0o7777, mtimeMs: stats.mtimeMs });
      } catch {
        // What was to lie in it says why.
      }
    }
    return made;
  }

  /**
   * Nothing is known of a sandbox that was made of another's snapshot: what is here under the same name, of the same
   * size and time, is taken for the same.
   */
  #knownOf(path: string, here: LocalFolder): FolderEntry | undefined {
    const known = this.#known?.known;
    if (!known || known.size > 0) return known?.get(path);
    const stats = here.stats(path);
    if (stats?.isSymbolicLink()) return entryHere(path, stats, readlinkSync(join(this.#root, path)));
    return stats?.isFile() ? entryHere(path, stats, undefined) : undefined;
  }

  /** The folder that files are written to, without links in its path. */
  #openTarget(): string {
    const { into } = this.#since ?? {};
    if (into === undefined) return this.#root;
    const target = join(this.#root, into);
    mkdirSync(target, { recursive: true });
    return realpathSync(target);
  }

  /** In a folder of its own a pull finds nothing but what an earlier attempt brought, or the user changed. */
  #mayReplace(isOverwriting: boolean): MayReplace {
    const known = this.#known?.known;
    if (this.#since?.into !== undefined) return () => false;
    return (path, there) => (known ? isUnchangedHere(there, known.get(path)) : isOverwriting);
  }

  #stats(path: string) {
    return lstatSync(join(this.#root, path), { throwIfNoEntry: false });
  }
}

const VANISHED = "vanished before it could be sent";
