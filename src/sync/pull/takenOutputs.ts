import type { BaselineKey, BaselineStore } from "../folder/baseline";
import type { FolderEntry } from "../folder/folderEntry";
import type { Entries } from "../push/reconcile";

/**
 * The outputs of runs that were pulled into folders of their own: the sandbox's folder has them, the folder here does
 * not. Outputs that could not be pulled are listed as well, since they must not be deleted in the sandbox.
 */
export class TakenOutputs {
  readonly #store: BaselineStore;
  readonly #key: BaselineKey;
  readonly #pulledKey: BaselineKey;
  readonly #leftKey: BaselineKey;
  readonly #begunKey: BaselineKey;

  /** @param key of the pushes */
  constructor(key: BaselineKey, store: BaselineStore) {
    this.#key = key;
    this.#store = store;
    this.#pulledKey = { ...key, remotePath: `${key.remotePath} taken` };
    this.#leftKey = { ...key, remotePath: `${key.remotePath} left` };
    this.#begunKey = { ...key, remotePath: `${key.remotePath} begun` };
  }

  /** The pulled entries, as they are in the sandbox. */
  get pulled(): Entries {
    return this.#store.get(this.#pulledKey)?.entries ?? NOTHING;
  }

  /** The paths of outputs that could not be pulled. */
  get left(): readonly string[] {
    return [...(this.#store.get(this.#leftKey)?.entries.keys() ?? [])];
  }

  /**
   * True if a run may have made files that no pull considered: the pull did not finish, or did not include everything.
   */
  get isUnseen(): boolean {
    return (this.#store.get(this.#begunKey)?.entries.size ?? 0) > 0;
  }

  /** Notes that a run starts with the folder as it was pushed. */
  noteBegun(): void {
    this.#put(this.#begunKey, [{ kind: "directory", path: "begun", mode: 0, mtimeMs: 0 }]);
  }

  noteSeen(): void {
    if (this.isUnseen) this.#put(this.#begunKey, []);
  }

  add(pulled: readonly FolderEntry[], left: readonly string[]): void {
    const leftEntries = left.map((path): FolderEntry => ({ kind: "directory", path, mode: 0, mtimeMs: 0 }));
    this.#put(this.#pulledKey, [...this.pulled.values(), ...pulled]);
    this.#put(this.#leftKey, [...(this.#store.get(this.#leftKey)?.entries.values() ?? []), ...leftEntries]);
  }

  /** Forgets these paths, which have other content in the sandbox now. */
  drop(paths: Iterable<string>): void {
    const entries = new Map(this.pulled);
    let count = 0;
    for (const path of paths) if (entries.delete(path)) count += 1;
    if (count > 0) this.#put(this.#pulledKey, [...entries.values()]);
  }

  clearPulled(): void {
    if (this.pulled.size > 0) this.#put(this.#pulledKey, []);
  }

  /**
   * Notes that the outputs that could not be pulled were moved away: the pushed entries in their place must be pushed
   * again.
   */
  leave(): void {
    const { left } = this;
    if (left.length === 0) return;
    this.#put(this.#leftKey, []);
    const baseline = this.#store.get(this.#key);
    if (!baseline) return;
    const entries = new Map(baseline.entries);
    for (const path of left) entries.delete(path);
    this.#store.put(this.#key, { ...baseline, entries });
  }

  #put(key: BaselineKey, entries: readonly FolderEntry[]): void {
    if (entries.length === 0 && !this.#store.get(key)) return;
    this.#store.put(key, { generation: "", entries: new Map(entries.map((entry) => [entry.path, entry])) });
  }
}

const NOTHING: Entries = new Map();
