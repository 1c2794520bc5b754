import type { BaselineKey, BaselineStore } from "../folder/baseline";
import type { Baseline } from "../folder/baselineFile";
import { confirmedAt } from "../folder/confirmed";
import type { FolderEntry } from "../folder/folderEntry";
import type { Entries } from "../push/reconcile";
import type { PullSince } from "./pullMessages";
import { NEVER_LISTED } from "../folder/pullNames";
import type { Conflict as PushConflict } from "../push/pushRequest";
import { UNKNOWN_TARGET } from "../folder/folderEntry";
import { entryThere, folderThere, isUnchangedThere, type PullPlan } from "./pullPlan";
import type { RemoteEntry } from "../remote/remoteListing";
import { SYNC_MARKER } from "../rules/builtinExcludes";
import { TakenOutputs } from "./takenOutputs";

/**
 * The known content of both sides: the baseline of the pushes, and a second one of pulled entries that no push would
 * include. In the pushes' own baseline, those would look like entries to delete in the sandbox.
 */
export class PullBaselines {
  readonly #key: BaselineKey;
  readonly #store: BaselineStore;
  readonly #pulledKey: BaselineKey;
  readonly #taken: TakenOutputs;
  /** The entries at the start of the pull. */
  readonly #takenEntries: Entries;
  readonly #synced: Baseline | undefined;
  readonly #pulled: Baseline | undefined;
  readonly known: ReadonlyMap<string, FolderEntry>;

  constructor({ key }: PullSince, store: BaselineStore) {
    this.#key = key;
    this.#pulledKey = pulledKeyOf(key);
    this.#taken = new TakenOutputs(key, store);
    this.#takenEntries = this.#taken.pulled;
    this.#store = store;
    this.#synced = this.#store.get(this.#key);
    this.#pulled = this.#store.get(this.#pulledKey);
    const [synced, pulled] = [this.#synced?.entries, this.#pulled?.entries];
    this.known = synced && pulled ? new Map([...pulled, ...synced]) : (synced ?? pulled ?? new Map());
  }

  /**
   * Returns the time until which a file is known to be unchanged in the sandbox. The time is unknown in a copy of a
   * file system, where every file, including the marker of the last push, has the ctime of the copy.
   */
  confirmedIn(listing: readonly RemoteEntry[]): (path: string) => number | undefined {
    const marker = listing.find(({ path }) => path === SYNC_MARKER);
    const { ctime = 0, mtime = 0 } = marker ?? {};
    const copiedAt = Math.floor(ctime) === Math.floor(mtime) ? 0 : ctime;
    return (path) => {
      const baseline = this.#synced?.entries.has(path) ? this.#synced : this.#pulled;
      const at = confirmedAt(baseline?.confirmed, path);
      return at !== undefined && at >= copiedAt ? at : undefined;
    };
  }

  /** True if the entry is unchanged since a pull put it into a folder of its own. */
  isTaken(entry: RemoteEntry): boolean {
    const taken = this.#takenEntries.get(entry.path);
    return taken !== undefined && isUnchangedThere(entry, taken);
  }

  /** Records entries that both sides have, or that the sandbox has and that were copied here under another name. */
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
    this.#taken.drop([...learned.here, ...learned.there].map(({ path }) => path));
  }

  /**
   * Records entries that the sandbox has and the folder here does not, because they were pulled into a folder of their
   * own.
   */
  take({ taken, left, listing, isAll }: Taken): void {
    this.#taken.add(taken, left);
    if (isAll) this.#taken.noteSeen();
    const baseline = this.#store.get(this.#key);
    if (!baseline) return;
    const listed = new Set(listing.map(({ path }) => path));
    const entries = new Map([...baseline.entries].filter(([path]) => listed.has(path) || isNeverListed(path)));
    if (entries.size < baseline.entries.size) this.#store.put(this.#key, { ...baseline, entries });
  }

  #add(key: BaselineKey, baseline: Baseline, more: readonly FolderEntry[]): void {
    if (more.length === 0) return;
    const entries = new Map(baseline.entries);
    for (const entry of more) entries.set(entry.path, entry);
    this.#store.put(key, { ...baseline, entries });
  }
}

interface Taken {
  readonly taken: readonly FolderEntry[];
  /** Paths of outputs that were not pulled. */
  readonly left: readonly string[];
  /** Everything that the sandbox has; pushed entries that are missing from it are pushed again. */
  readonly listing: readonly RemoteEntry[];
  /** True if every output of the run is either pulled or in `left`. */
  readonly isAll: boolean;
}

/**
 * Records the entries that the sandbox's folder has before the first push: both sides know them, though only the
 * sandbox has them.
 */
export function noteImage(key: BaselineKey, listing: readonly RemoteEntry[], store: BaselineStore): void {
  const pulledKey = pulledKeyOf(key);
  if (listing.length === 0 || store.get(pulledKey)) return;
  const entries = listing.flatMap(({ path, kind, mode, size, mtime, target }) => {
    const entry = { path, kind, mode, size, mtime };
    if (kind === "other") return [];
    if (kind === "directory") return [folderThere(entry)];
    return [entryThere(entry, kind === "symlink" ? (target ?? UNKNOWN_TARGET) : undefined)];
  });
  const at = listing.reduce((latest, { ctime = 0 }) => Math.max(latest, ctime), 0);
  const confirmed = at > 0 ? { at, later: new Map<string, number>() } : undefined;
  store.put(pulledKey, { generation: "", entries: new Map(entries.map((entry) => [entry.path, entry])), confirmed });
}

/**
 * Records the new names that a push gave to known entries in the sandbox.
 * @param pushedAt when the push ended; moving a file aside changes its ctime
 */
export function noteRenamed(
  key: BaselineKey,
  moved: readonly PushConflict[],
  pushedAt: number | undefined,
  store: BaselineStore,
): void {
  const pulledKey = pulledKeyOf(key);
  const pulled = store.get(pulledKey);
  if (!pulled || moved.length === 0) return;
  const entries = new Map(pulled.entries);
  const later = new Map(pulled.confirmed?.later);
  for (const { path, keptAs } of moved) {
    const known = entries.get(path);
    const below =
      known?.kind === "directory" ? [...entries.values()].filter((one) => one.path.startsWith(`${path}/`)) : [];
    for (const entry of known ? [known, ...below] : []) {
      const renamed = keptAs + entry.path.slice(path.length);
      entries.set(renamed, { ...entry, path: renamed });
      if (pushedAt !== undefined) later.set(renamed, pushedAt);
    }
  }
  store.put(pulledKey, { ...pulled, entries, confirmed: pulled.confirmed && { ...pulled.confirmed, later } });
}

const pulledKeyOf = (key: BaselineKey): BaselineKey => ({ ...key, remotePath: `${key.remotePath} pulled` });

const isNeverListed = (path: string): boolean => path.split("/").some((name) => NEVER_LISTED.includes(name));
