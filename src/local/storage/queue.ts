import { notFound, resourceExhausted } from "../protocol/errors";
import { Bell } from "../base/bell";

export interface QueueItem {
  readonly entryId: string;
  readonly value: Uint8Array;
}

// Modal's limits.
const PARTITION_ITEMS = 5000;
const PARTITIONS = 100_000;

interface Partition {
  items: readonly QueueItem[];
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** A queue in partitions. Each is a list of opaque values that expires some time after its last value arrived. */
export class Queue {
  readonly id: string;
  readonly #changed = new Bell();
  readonly #partitions = new Map<string, Partition>();
  #lastEntry = 0;
  #isDeleted = false;

  constructor(id: string) {
    this.id = id;
  }

  /** Adds all values, or none if they do not fit. */
  put(key: string, values: readonly Uint8Array[], ttlSecs: number): void {
    const items = this.#items(key);
    if (items.length + values.length > PARTITION_ITEMS)
      throw resourceExhausted(`Queue ${this.id} is full: a partition holds ${PARTITION_ITEMS} items.`);
    if (!this.#partitions.has(key)) this.#makeRoom();
    const added = values.map((value) => ({ entryId: `${(this.#lastEntry += 1)}-0`, value }));
    this.#partitions.set(key, { items: [...items, ...added], expiresAt: Date.now() + ttlSecs * 1000 });
    this.#changed.ring();
  }

  /** Removes up to `count` values from the front. Waits until there is at least one. */
  async take(key: string, count: number, signal: AbortSignal): Promise<readonly Uint8Array[]> {
    for (;;) {
      const items = this.#items(key);
      const partition = this.#partitions.get(key);
      if (partition && items.length > 0 && count > 0) {
        partition.items = items.slice(count);
        return items.slice(0, count).map(({ value }) => value);
      }
      await this.#changed.next(signal);
    }
  }

  /** Returns the entries after the given one. Waits until there is at least one. */
  async after(key: string, entryId: string, signal: AbortSignal): Promise<readonly QueueItem[]> {
    const last = numberOf(entryId);
    for (;;) {
      const items = this.#items(key).filter((item) => numberOf(item.entryId) > last);
      if (items.length > 0) return items;
      await this.#changed.next(signal);
    }
  }

  length(key: string): number {
    return this.#items(key).length;
  }

  get totalLength(): number {
    return [...this.#partitions.keys()].reduce((sum, key) => sum + this.length(key), 0);
  }

  clear(key: string): void {
    this.#partitions.delete(key);
  }

  clearAll(): void {
    this.#partitions.clear();
  }

  /** Current and later callers get NOT_FOUND. */
  delete(): void {
    this.#isDeleted = true;
    this.clearAll();
    this.#changed.ring();
  }

  #items(key: string): readonly QueueItem[] {
    if (this.#isDeleted) throw notFound(`Queue ${this.id} was not found.`);
    const partition = this.#partitions.get(key);
    if (!partition) return [];
    if (partition.expiresAt > Date.now()) return partition.items;
    this.#partitions.delete(key);
    return [];
  }

  #makeRoom(): void {
    if (this.#partitions.size < PARTITIONS) return;
    for (const key of [...this.#partitions.keys()]) if (this.length(key) === 0) this.clear(key);
    if (this.#partitions.size >= PARTITIONS)
      throw resourceExhausted(`Queue ${this.id} is full: it holds ${PARTITIONS} partitions.`);
  }
}

const numberOf = (entryId: string): number => Number.parseInt(entryId, 10) || 0;
