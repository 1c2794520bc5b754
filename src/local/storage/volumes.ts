import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { isObject } from "../../base/guards";
import { SerialQueue } from "../../base/async";
import { removeFolder } from "../isolation/host/serverFolder";
import { notFound } from "../protocol/errors";
import type { EnvironmentScoped } from "../account/environments";
import { newId } from "../base/ids";
import { JsonFile } from "../base/jsonFile";
import { linkTree } from "./linkTree";

export interface Volume {
  readonly id: string;
  readonly environment: string;
  /** Undefined if the volume is ephemeral. */
  readonly name: string | undefined;
  /** The requested one of Modal's two kinds of volumes. They behave the same here. */
  readonly fsVersion: 1 | 2;
  /** Seconds since the epoch. */
  readonly createdAt: number;
}

/** A state of a volume that does not change while it is held. */
export interface VolumeVersion {
  readonly folder: string;
  release(): void;
}

// A client that holds an ephemeral volume renews it every five minutes.
const EPHEMERAL_LIFETIME_MS = 20 * 60 * 1000;

/** Volumes by id and by name, saved on disk as versions. The newest version counts. */
export class VolumeStore implements EnvironmentScoped {
  readonly #folder: string;
  readonly #isShared: () => boolean;
  readonly #commits = new Map<string, SerialQueue>();
  readonly #holders = new Map<string, number>();
  readonly #ephemeral = new Map<string, ReturnType<typeof setTimeout>>();

  /** `isShared` is true if another server uses the same folder and may need data that this one does not. */
  constructor(folder: string, isShared: () => boolean) {
    this.#folder = folder;
    this.#isShared = isShared;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  list(environment: string): readonly Volume[] {
    return this.#all()
      .filter((volume) => volume.environment === environment && volume.name !== undefined)
      .sort((a, b) => b.createdAt - a.createdAt);
  }

  find(environment: string, name: string): Volume | undefined {
    return this.list(environment).find((volume) => volume.name === name);
  }

  /** Throws NOT_FOUND for an unknown id. */
  get(id: string): Volume {
    const volume = /^vo-\w+$/.test(id) ? this.#record(id).read() : undefined;
    if (!volume) throw notFound(`Volume ${id} was not found.`);
    return volume;
  }

  create(environment: string, properties: Pick<Volume, "name" | "fsVersion">): Volume {
    const volume: Volume = { ...properties, id: newId("vo"), environment, createdAt: Date.now() / 1000 };
    const version = randomUUID();
    mkdirSync(this.#path(volume.id, VERSIONS, version), { recursive: true, mode: 0o755 });
    this.#head(volume.id).write(version);
    this.#record(volume.id).write(volume);
    if (volume.name === undefined) this.heartbeat(volume.id);
    return volume;
  }

  rename(id: string, name: string): void {
    this.#record(id).write({ ...this.get(id), name });
  }

  heartbeat(id: string): void {
    if (this.get(id).name !== undefined) return;
    clearTimeout(this.#ephemeral.get(id));
    const timer = setTimeout(() => {
      this.#ephemeral.delete(id);
      this.delete(id);
    }, EPHEMERAL_LIFETIME_MS);
    this.#ephemeral.set(id, timer.unref());
  }

  delete(id: string): void {
    rmSync(this.#path(id, RECORD), { force: true });
    const isHeld = [...this.#holders.keys()].some((folder) => folder.startsWith(this.#path(id, VERSIONS)));
    if (!isHeld && !this.#isShared()) void removeFolder(this.#path(id)).catch(() => undefined);
  }

  deleteEnvironment(name: string): void {
    for (const { id } of this.list(name)) this.delete(id);
  }

  /** Returns the newest version, which stays unchanged until it is released. */
  hold(id: string): VolumeVersion {
    this.get(id);
    const folder = this.#headFolder(id);
    this.#holders.set(folder, (this.#holders.get(folder) ?? 0) + 1);
    return {
      folder,
      release: () => {
        const left = (this.#holders.get(folder) ?? 1) - 1;
        if (left > 0) this.#holders.set(folder, left);
        else this.#holders.delete(folder);
        this.#removeIfUnused(id, folder);
      },
    };
  }

  /**
   * Applies `change` to a copy of the newest version. Commits run one after another. Does nothing if the volume was
   * deleted.
   */
  commit(id: string, change: (folder: string) => Promise<void>): Promise<void> {
    const queue = this.#commits.get(id) ?? new SerialQueue();
    this.#commits.set(id, queue);
    return queue.run(async () => {
      if (!this.#record(id).read()) return;
      const version = randomUUID();
      const draft = this.#path(id, VERSIONS, `${UNFINISHED}${version}`);
      const previous = this.#headFolder(id);
      try {
        await mkdir(draft);
        await linkTree(previous, draft);
        await change(draft);
        await rename(draft, this.#path(id, VERSIONS, version));
      } catch (error) {
        await removeFolder(draft).catch(() => undefined);
        throw error;
      }
      this.#head(id).write(version);
      this.#removeIfUnused(id, previous);
    });
  }

  /**
   * Removes everything that no volume needs. Call this only if no other server uses the folder, before any volume is
   * used.
   */
  async sweep(): Promise<void> {
    const garbage = readdirSync(this.#folder).flatMap((id) => {
      const volume = this.#record(id).read();
      if (volume?.name === undefined) return [this.#path(id)];
      const head = this.#head(id).read();
      return readdirSync(this.#path(id, VERSIONS))
        .filter((version) => version !== head)
        .map((version) => this.#path(id, VERSIONS, version));
    });
    for (const path of garbage) await removeFolder(path);
  }

  #removeIfUnused(id: string, folder: string): void {
    const isGone = !existsSync(this.#path(id, RECORD));
    if (this.#holders.has(folder) || this.#isShared()) return;
    if (isGone) void removeFolder(this.#path(id)).catch(() => undefined);
    else if (folder !== this.#headFolder(id)) void removeFolder(folder).catch(() => undefined);
  }

  #all(): Volume[] {
    return readdirSync(this.#folder).flatMap((id) => this.#record(id).read() ?? []);
  }

  #path(id: string, ...parts: readonly string[]): string {
    return join(this.#folder, id, ...parts);
  }

  #record(id: string): JsonFile<Volume | undefined> {
    return new JsonFile(this.#path(id, RECORD), readVolume);
  }

  #head(id: string): JsonFile<string> {
    return new JsonFile(this.#path(id, "head.json"), (value) => (typeof value === "string" ? value : ""));
  }

  #headFolder(id: string): string {
    return this.#path(id, VERSIONS, this.#head(id).read());
  }
}

const RECORD = "volume.json";
const VERSIONS = "versions";
const UNFINISHED = "new-";

function readVolume(value: unknown): Volume | undefined {
  if (!isObject(value)) return undefined;
  const { id, environment, createdAt, name, fsVersion } = value;
  if (typeof id !== "string" || typeof environment !== "string" || typeof createdAt !== "number") return undefined;
  return {
    id,
    environment,
    createdAt,
    name: typeof name === "string" ? name : undefined,
    fsVersion: fsVersion === 2 ? 2 : 1,
  };
}
