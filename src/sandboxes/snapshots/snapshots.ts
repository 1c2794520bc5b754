import { join } from "node:path";
import { isObject } from "../../base/guards";
import { Emitter } from "../../base/event";
import type { Clock } from "../../base/ports";
import { RecordFolder } from "../../base/recordFolder";
import type { SandboxSpec } from "../../modal/spec";
import type { EnvVault } from "../ownership/envVault";
import { readMaking, type Making } from "../spec/savedSpec";

/** The files of a sandbox, which Modal keeps as an image. Other sandboxes can be created from it. */
export interface Snapshot extends Making {
  readonly imageId: string;
  /** Why it was taken. */
  readonly kind: SnapshotKind;
  /** The name of the sandbox whose files these are. */
  readonly sandboxName: string;
  readonly scope: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Absent if Modal doesn't report it. */
  readonly expiresAt?: number;
  /** True if the snapshot is that of a paused sandbox, which can be resumed. */
  readonly isPaused?: boolean;
}

const kinds = ["manual", "pause", "branch", "exit"] as const;

export type SnapshotKind = (typeof kinds)[number];

/** The snapshots of this installation. All windows share them through files. */
export class Snapshots {
  readonly #records: RecordFolder<Snapshot>;
  readonly #vault: EnvVault;
  readonly #clock: Clock;
  readonly #changed = new Emitter<readonly string[]>();
  /** Fires with the names of the sandboxes whose snapshots have changed. */
  readonly onDidChangeSnapshots = this.#changed.event;
  #known: readonly Snapshot[] = [];

  constructor(folder: string, vault: EnvVault, clock: Clock) {
    this.#records = new RecordFolder(join(folder, "snapshots"), readSnapshot);
    this.#vault = vault;
    this.#clock = clock;
  }

  /** The snapshots of the account that was last asked for, as of then, newest first. */
  get known(): readonly Snapshot[] {
    return this.#known;
  }

  /** Returns the snapshots of an account, newest first. Forgets those that Modal has deleted. */
  async all(scope: string): Promise<Snapshot[]> {
    const now = this.#clock.now();
    const records = [...(await this.#records.all()).values()];
    const expired = records.filter(({ expiresAt }) => expiresAt !== undefined && expiresAt <= now);
    await Promise.allSettled(expired.map(({ imageId }) => this.#remove(imageId)));
    this.#know(records.filter((snapshot) => snapshot.scope === scope && !expired.includes(snapshot)));
    return [...this.#known];
  }

  get(imageId: string): Promise<Snapshot | undefined> {
    return this.#records.get(imageId);
  }

  /** Stores a snapshot together with the variables of its sandbox. */
  async add(snapshot: Snapshot): Promise<void> {
    if (snapshot.spec.envNames.length > 0) await this.#vault.copy(snapshot.sandboxName, snapshot.imageId);
    await this.save(snapshot);
  }

  /** Returns the spec for a sandbox made from this snapshot. Variables whose values are no longer known are omitted. */
  async specOf({ imageId, spec }: Snapshot): Promise<SandboxSpec> {
    const { envNames, ...rest } = spec;
    return { ...rest, env: envNames.length > 0 ? await this.#vault.of(imageId) : {} };
  }

  async save(snapshot: Snapshot): Promise<void> {
    await this.#records.put(snapshot.imageId, snapshot);
    this.#know([...this.#without(snapshot.imageId), snapshot]);
  }

  async forget(imageId: string): Promise<void> {
    await this.#remove(imageId);
    this.#know(this.#without(imageId));
  }

  dispose(): void {
    this.#changed.dispose();
  }

  async #remove(imageId: string): Promise<void> {
    await this.#records.remove(imageId);
    await this.#vault.forget(imageId);
  }

  #without(imageId: string): Snapshot[] {
    return this.#known.filter((snapshot) => snapshot.imageId !== imageId);
  }

  #know(snapshots: readonly Snapshot[]): void {
    const before = namesByContent(this.#known);
    const after = namesByContent(snapshots);
    this.#known = [...snapshots].sort((a, b) => b.createdAt - a.createdAt);
    const gone = [...before].filter(([content]) => !after.has(content));
    const added = [...after].filter(([content]) => !before.has(content));
    const changed = new Set([...gone, ...added].map(([, name]) => name));
    if (changed.size > 0) this.#changed.fire([...changed]);
  }
}

/** Maps the complete contents of each snapshot to the name of its sandbox. */
const namesByContent = (snapshots: readonly Snapshot[]): ReadonlyMap<string, string> =>
  new Map(snapshots.map((snapshot) => [JSON.stringify(snapshot), snapshot.sandboxName]));

function readSnapshot(value: unknown): Snapshot | undefined {
  const making = readMaking(value);
  if (!making || !isObject(value)) return undefined;
  const fields: Partial<Record<keyof Snapshot, unknown>> = value;
  const { imageId, sandboxName, scope, createdAt, expiresAt } = fields;
  const kind = kinds.find((known) => known === fields.kind);
  if (typeof imageId !== "string" || typeof sandboxName !== "string" || kind === undefined) return undefined;
  if (typeof scope !== "string" || typeof createdAt !== "number") return undefined;
  return {
    ...making,
    imageId,
    kind,
    sandboxName,
    scope,
    createdAt,
    ...(typeof expiresAt === "number" && { expiresAt }),
    ...(fields.isPaused === true && { isPaused: true }),
  };
}
