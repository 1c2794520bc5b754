import { lstatSync, readlinkSync } from "node:fs";
import { join } from "node:path";

import { formatBytes } from "../base/format";
import type { BaselineKey, BaselineStore } from "./baseline";
import type { Baseline } from "./baselineFile";
import type { FolderEntry } from "./folderEntry";
import { FolderWriter } from "./folderWriter";
import { PullFilter } from "./pullFilter";
import { PathGuard } from "./pathGuard";
import type { Conflict, PlanSummary, ProtectedCopy, PullCounts, PullOutcome, PullSince } from "./pullMessages";
import { entryHere, entryThere, isUnchangedHere, planPull, type PullPlan } from "./pullPlan";
import { ListingParser, type RemoteEntry } from "./remoteListing";
import { refusePath, type NameRules } from "./safePath";
import { Unpacker, type ArchiveEnd, type UnpackedEntry } from "./unpack";

const MIB = 1024 * 1024;

/** One pull, on the side of the disk: from the listing to the last file and the baseline. Blocks (see `scan`). */
export class PullSession {
  readonly #root: string;
  readonly #rules: NameRules;
  readonly #since: Since | undefined;
  readonly #parser = new ListingParser();
  #plan: PullPlan = { wanted: new Map(), guarded: new Map(), folders: [], bytes: 0, skipped: [] };
  #isSynced: (entry: RemoteEntry) => boolean = () => false;
  #writer: FolderWriter | undefined;
  #unpacker: Unpacker | undefined;
  #counts: PullCounts = { files: 0, bytes: 0, path: "" };
  readonly #conflicts: Conflict[] = [];
  readonly #copies: ProtectedCopy[] = [];
  readonly #arrived = new Set<string>();
  /** What both sides are known to hold from now on. */
  readonly #learned: FolderEntry[] = [];
  /** As `#learned`, of what is not here under its name: a push that knew it would delete it in the sandbox. */
  readonly #learnedThere: FolderEntry[] = [];
  /** What ended it before its time. */
  #failure: { readonly error: unknown } | undefined;

  /** @param root absolute, links resolved */
  constructor(root: string, since: PullSince | undefined, baselines: BaselineStore, rules: NameRules) {
    this.#root = root;
    this.#rules = rules;
    this.#since = since && new Since(since, baselines);
  }

  get counts(): PullCounts {
    return this.#counts;
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
    const filter = since && new PullFilter(this.#root, since.patterns, listing);
    const takes = filter ? (entry: RemoteEntry) => filter.takes(entry) : () => true;
    this.#isSynced = filter ? (entry) => filter.isSynced(entry) : () => false;
    this.#plan = planPull(
      listing,
      (path) => this.#knownOf(path),
      takes,
      new PathGuard(this.#root, listing),
      this.#rules,
    );

    const files = [...this.#plan.wanted.values()];
    const biggest = files.filter(({ kind }) => kind === "file").sort((a, b) => b.size - a.size);
    const isEmpty = listing.length === 0 && (since?.known.size ?? 0) > 0;
    return {
      entries: listing.length,
      files: files.length,
      bytes: this.#plan.bytes,
      biggest: biggest.slice(0, 3).map(({ path, size }) => ({ path, bytes: size })),
      existing: since ? 0 : files.filter(({ path }) => this.#stats(path)?.isDirectory() === false).length,
      listing: !this.#parser.isWhole ? "cut" : isEmpty ? "empty" : "whole",
    };
  }

  /** @returns the names to ask for */
  start(isOverwriting: boolean, maxBytes: number): Uint8Array<ArrayBuffer> {
    this.#plan = withoutBiggest(this.#plan, maxBytes);
    const { wanted, guarded, bytes } = this.#plan;
    const known = this.#since?.known;
    this.#writer = new FolderWriter(
      this.#root,
      (path, there) => (known ? isUnchangedHere(there, known.get(path)) : isOverwriting),
      (path) => guarded.get(path)?.copyName,
    );
    this.#unpacker = new Unpacker({
      writer: this.#writer,
      rules: this.#rules,
      wanted,
      // A file may have grown since it was listed.
      limits: {
        bytes: bytes * 1.1 + 64 * MIB,
        entries: wanted.size * 2 + 1000,
        streamBytes: bytes * 1.1 + wanted.size * 10_240 + 2048 * MIB,
      },
      onPlaced: (entry) => {
        this.#note(entry);
      },
    });
    const names = [...wanted.keys()].map((path) => `./${path}\0`).join("");
    return new Uint8Array(Buffer.from(names));
  }

  /** @param isStopped the rest of the archive will not come */
  finish(isStopped: boolean): PullOutcome {
    if (this.#failure) throw this.#failure.error;
    const unpacker = this.#unpacker;
    if (isStopped) unpacker?.abandon();
    const end: ArchiveEnd = unpacker?.finish() ?? { kind: "cut", detail: "The pull was cancelled." };
    const madeFolders = isStopped ? [] : this.#makeFolders();
    this.#writer?.dispose();
    const here = [...madeFolders, ...this.#learned];
    this.#since?.learn({ here, there: this.#learnedThere }, (entry) => this.#isSynced(entry), this.#plan);

    const refused = new Set(unpacker?.refused.map(({ path }) => path));
    const missing =
      end.kind === "whole" ? [...this.#plan.wanted.keys()].filter((path) => !this.#arrived.has(path)) : [];
    const vanished = missing.filter((path) => !refused.has(path)).map((path) => ({ path, reason: VANISHED }));
    const skipped = [...this.#plan.skipped, ...(unpacker?.refused ?? []), ...vanished];
    const { files, bytes } = this.#counts;
    return {
      files,
      bytes,
      conflicts: this.#conflicts,
      copies: this.#copies,
      skipped: skipped.slice(0, 1000),
      skippedCount: skipped.length + (unpacker ? unpacker.refusedCount - unpacker.refused.length : 0),
      end,
    };
  }

  #note({ path, placed, bytes, target }: UnpackedEntry): void {
    this.#arrived.add(path);
    const there = this.#plan.wanted.get(path);
    if (placed.kind === "copied") {
      const isHere = placed.stats !== undefined;
      const guarded = this.#plan.guarded.get(path);
      if (guarded) this.#copies.push({ path, copy: placed.copy, reason: guarded.reason, isHere });
      else this.#conflicts.push({ path, copy: placed.copy });
      if (there) (isHere ? this.#learned : this.#learnedThere).push(entryThere(there, target));
    } else this.#learned.push(entryHere(path, placed.stats, target));
    if (placed.kind === "same") return;
    this.#counts = { files: this.#counts.files + 1, bytes: this.#counts.bytes + bytes, path };
  }

  /** Those that nothing was put into, too. */
  #makeFolders(): FolderEntry[] {
    const made: FolderEntry[] = [];
    for (const { path, mode } of this.#plan.folders) {
      try {
        if (refusePath(path, this.#rules) !== undefined) continue;
        this.#writer?.makeFolder(path, mode);
        const stats = this.#stats(path);
        if (stats?.isDirectory())
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
  #knownOf(path: string): FolderEntry | undefined {
    const known = this.#since?.known;
    if (!known || known.size > 0) return known?.get(path);
    const stats = this.#stats(path);
    if (stats?.isSymbolicLink()) return entryHere(path, stats, readlinkSync(join(this.#root, path)));
    return stats?.isFile() ? entryHere(path, stats, undefined) : undefined;
  }

  #stats(path: string) {
    return lstatSync(join(this.#root, path), { throwIfNoEntry: false });
  }
}

function withoutBiggest(plan: PullPlan, maxBytes: number): PullPlan {
  if (plan.bytes <= maxBytes) return plan;
  const wanted = new Map(plan.wanted);
  const skipped = [...plan.skipped];
  let { bytes } = plan;
  for (const { path, size } of [...wanted.values()].sort((a, b) => b.size - a.size)) {
    if (bytes <= maxBytes) break;
    wanted.delete(path);
    bytes -= size;
    skipped.push({ path, reason: `stays in the sandbox (${formatBytes(size)})` });
  }
  return { ...plan, wanted, bytes, skipped };
}

const VANISHED = "vanished before it could be sent";

/**
 * What is known of both sides: the baseline of the pushes, and beside it one of what a pull brought although no push
 * would send it. In the pushes' own baseline that would look like something to delete in the sandbox.
 */
class Since {
  readonly patterns: readonly string[];
  readonly #key: BaselineKey;
  readonly #store: BaselineStore;
  readonly #pulledKey: BaselineKey;
  readonly known: ReadonlyMap<string, FolderEntry>;

  constructor({ key, patterns }: PullSince, store: BaselineStore) {
    this.patterns = patterns;
    this.#key = key;
    this.#pulledKey = { ...key, remotePath: `${key.remotePath} pulled` };
    this.#store = store;
    const synced = this.#store.get(this.#key)?.entries;
    const pulled = this.#store.get(this.#pulledKey)?.entries;
    this.known = new Map([...(pulled ?? []), ...(synced ?? [])]);
  }

  learn(
    learned: { readonly here: readonly FolderEntry[]; readonly there: readonly FolderEntry[] },
    isSynced: (entry: RemoteEntry) => boolean,
    { wanted, folders }: PullPlan,
  ): void {
    const listed = new Map([...folders.map((folder) => [folder.path, folder] as const), ...wanted]);
    const synced: FolderEntry[] = [];
    const others: FolderEntry[] = [...learned.there];
    for (const entry of learned.here) {
      const there = listed.get(entry.path);
      (there && isSynced(there) ? synced : others).push(entry);
    }
    const baseline = this.#store.get(this.#key);
    if (baseline) this.#add(this.#key, baseline, synced);
    else others.push(...synced);
    this.#add(this.#pulledKey, this.#store.get(this.#pulledKey) ?? { generation: "", entries: new Map() }, others);
  }

  #add(key: BaselineKey, { generation, entries }: Baseline, more: readonly FolderEntry[]): void {
    if (more.length === 0) return;
    const all = new Map(entries);
    for (const entry of more) all.set(entry.path, entry);
    this.#store.put(key, { generation, entries: all });
  }
}
