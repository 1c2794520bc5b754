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
  /** The origins of the folder's files. */
  readonly origins: PullOrigins;
  readonly rules: NameRules;
}

/** The disk access of one pull, from the listing to the last file and the baseline. Synchronous (see `scan`). */
export class PullSession {
  readonly #root: string;
  readonly #rules: NameRules;
  readonly #since: PullSince | undefined;
  readonly #known: PullBaselines | undefined;
  readonly #origins: PullOrigins;
  readonly #parser: ListingParser;
  #plan: PullPlan = { wanted: new Map(), guarded: new Map(), folders: [], bytes: 0, skipped: [] };
  #isPlanned = false;
  /** The number of entries that the pull's limits excluded. */
  #withheldCount = 0;
  #isSynced: (entry: RemoteEntry) => boolean = () => false;
  #writer: FolderWriter | undefined;
  #unpacker: Unpacker | undefined;
  /** The entries received. */
  #counts: PullCounts = { files: 0, bytes: 0, path: "" };
  /** The entries written here. */
  #written = { files: 0, bytes: 0 };
  readonly #recheck = new Recheck();
  readonly #conflicts: Conflict[] = [];
  readonly #copies: ProtectedCopy[] = [];
  readonly #arrived = new Set<string>();
  /** Entries that both sides are known to have from now on. */
  readonly #learned: FolderEntry[] = [];
  /**
   * Like `#learned`, for entries that are not here under their own name: a push that knew them would delete them in the
   * sandbox.
   */
  readonly #learnedThere: FolderEntry[] = [];
  /** The error that stopped the pull. */
  #failure: { readonly error: unknown } | undefined;

  /**
   * @param root absolute, with links resolved
   * @param path of the entry to pull, if not everything
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

  /** True if the rest of the current stream is not needed. */
  get isEnough(): boolean {
    return this.#failure !== undefined || (this.#unpacker?.isFinished ?? this.#parser.isTooMuch);
  }

  /** An error here is thrown by the next call. */
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

    this.#isPlanned = this.#parser.isComplete && !this.#parser.isTooMuch;
    const files = [...this.#plan.wanted.values()];
    const biggest = files.filter(({ kind }) => kind === "file").sort((a, b) => b.size - a.size);
    const isEmpty = listing.length === 0 && (this.#known?.known.size ?? 0) > 0;
    return {
      entries: listing.length,
      files: files.length,
      bytes: this.#plan.bytes,
      biggest: biggest.slice(0, 3).map(({ path, size }) => ({ path, bytes: size })),
      existing: since ? 0 : files.filter(({ path }) => here.stats(path)?.isDirectory() === false).length,
      listing: this.#parser.isTooMuch ? "tooMuch" : !this.#parser.isComplete ? "cut" : isEmpty ? "empty" : "complete",
    };
  }

  /**
   * Records everything that programs made and no pull included as left in the sandbox.
   * @param listing the lister's output
   * @returns false if the listing is incomplete
   */
  noteUnseen(listing: string): boolean {
    this.write(Buffer.from(listing));
    this.plan();
    if (this.#isPlanned) this.finish(true);
    return this.#isPlanned;
  }

  /** @returns the names to request */
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
      onPlaced: (entry) => this.#note(entry),
    });
    return namesOf(wanted.keys());
  }

  /** @returns the names to request once more, because these files changed while the sandbox read them */
  recheck(changed: string): Uint8Array<ArrayBuffer> {
    if (this.#failure) throw this.#failure.error;
    return namesOf(this.#recheck.drop(this.#unpacker, changed));
  }

  /** @param isStopped true if the rest of the archive will not follow */
  finish(isStopped: boolean): PullOutcome {
    if (this.#failure) throw this.#failure.error;
    const unpacker = this.#unpacker;
    if (isStopped) unpacker?.abandon();
    const end: ArchiveEnd = unpacker?.finish() ?? { kind: "cut", detail: "The pull was canceled." };
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
    const gone = end.kind === "complete" ? missing.filter((path) => !refused.has(path) && !changing.has(path)) : [];
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
        this.#withheldCount +
        (end.kind === "complete" ? (unpacker?.blocked.size ?? 0) + changing.size : missing.length),
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

  /** Creates the planned folders, including empty ones. */
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
        // The error of a file inside the folder shows the reason.
      }
    }
    return made;
  }

  /**
   * If nothing is known of a sandbox, because it was created from another's snapshot, a file here with the same name,
   * size and time is considered the same.
   */
  #knownOf(path: string, here: LocalFolder): FolderEntry | undefined {
    const known = this.#known?.known;
    if (!known || known.size > 0) return known?.get(path);
    const stats = here.stats(path);
    if (stats?.isSymbolicLink()) return entryHere(path, stats, readlinkSync(join(this.#root, path)));
    return stats?.isFile() ? entryHere(path, stats, undefined) : undefined;
  }

  /** Creates and returns the folder to write to, with links resolved. */
  #openTarget(): string {
    const { into } = this.#since ?? {};
    if (into === undefined) return this.#root;
    const target = join(this.#root, into);
    mkdirSync(target, { recursive: true });
    return realpathSync(target);
  }

  /** In a folder of its own, a pull only finds files that an earlier attempt pulled, or that the user changed. */
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
