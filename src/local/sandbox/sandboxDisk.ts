import { every } from "../../base/async";
import type { Disposable } from "../../base/disposable";
import { messageOf } from "../../base/errors";
import type { Logger } from "../../base/ports";
import type { IsolatedMount, IsolatedRoot, Isolation } from "../base/isolation";
import { newId } from "../base/ids";
import type { ImageStore, LocalImage } from "../images/images";
import { Latch } from "../base/latch";
import type { LayerStore } from "../images/layers";
import { VolumeMount, type VolumeMountSpec } from "./volumeMount";
import type { VolumeStore } from "../storage/volumes";

export interface DiskOptions {
  /** The image that the sandbox was created from. */
  readonly image: LocalImage;
  readonly images: ImageStore;
  readonly layers: LayerStore;
  readonly isolation: Isolation;
  readonly keepsExitSnapshot: boolean;
  readonly volumes: VolumeStore;
  readonly volumeMounts: readonly VolumeMountSpec[];
  readonly log: Logger;
}

export interface SnapshotOptions {
  /** Chosen by the client. The same id returns the same snapshot. */
  readonly id: string;
  /** Undefined means forever. */
  readonly ttlSecs: number | undefined;
}

export type ExitSnapshot =
  { readonly kind: "image"; readonly imageId: string } | { readonly kind: "failed"; readonly reason: string };

// Modal's default lifetime of a snapshot.
const DEFAULT_TTL_SECS = 30 * 24 * 3600;

// The interval at which a sandbox's writes to its volumes are committed.
const COMMIT_INTERVAL_MS = 3000;

/** A sandbox's files on disk: the layers beneath it, the images mounted in it, and the images made from it. */
export class SandboxDisk {
  readonly keepsExitSnapshot: boolean;
  readonly exitSnapshot = new Latch<ExitSnapshot>();
  readonly #options: DiskOptions;
  readonly #snapshots = new Map<string, Promise<LocalImage>>();
  readonly #volumes: VolumeMount[] = [];
  /** By path. The last mount of each is visible. */
  readonly #mounts = new Map<string, readonly IsolatedMount[]>();

  /** The layers beneath the root. */
  #below: readonly string[];
  #commits: Disposable | undefined;

  constructor(options: DiskOptions) {
    this.#options = options;
    this.keepsExitSnapshot = options.keepsExitSnapshot;
    this.#below = options.image.layers;
  }

  /** The folders that the root is created on, lowest first. */
  get layers(): readonly string[] {
    return this.#below.map((layer) => this.#options.layers.folderOf(layer));
  }

  /** Call this before the sandbox's programs start. */
  async open(root: IsolatedRoot): Promise<void> {
    const { volumes, volumeMounts } = this.#options;
    for (const spec of volumeMounts) this.#volumes.push(await VolumeMount.open(volumes, spec, root));
    if (this.#volumes.length === 0) return;
    this.#commits = every(COMMIT_INTERVAL_MS, () => void this.#commitAll((volume) => volume.commit()));
  }

  /** Updates all volumes to their latest versions. Rejects with code `EBUSY` while a program uses one. */
  async reloadVolumes(): Promise<void> {
    for (const volume of this.#volumes) await volume.reload();
  }

  /** An image of all files at this moment, while programs may keep writing. */
  snapshot(root: IsolatedRoot, options: SnapshotOptions): Promise<LocalImage> {
    return this.#once(options, async () => {
      let isBeneath = false as boolean;
      const layer = await this.#options.layers.add(async (folder) => {
        isBeneath = (await root.saveChanges(folder)) === "beneath";
      });
      const layers = this.#options.isolation.layering === "stacked" ? [...this.#below, layer] : [layer];
      if (isBeneath) this.#below = layers;
      return layers;
    });
  }

  /** An image of one folder, for mounting. */
  snapshotFolder(root: IsolatedRoot, path: string, options: SnapshotOptions): Promise<LocalImage> {
    return this.#once(options, async () => [await this.#options.layers.add((folder) => root.saveFolder(path, folder))]);
  }

  /** Mounts an image's files, or an empty folder, at a path. */
  async mount(root: IsolatedRoot, path: string, image: LocalImage | undefined): Promise<void> {
    const folders = image?.layers.map((layer) => this.#options.layers.contentOf(layer)) ?? [];
    const mount = await root.mount({ path, folders, readOnly: false });
    this.#mounts.set(path, [...(this.#mounts.get(path) ?? []), mount]);
  }

  /** Removes the last mount at a path. Returns false if there is none. */
  async unmount(path: string): Promise<boolean> {
    const mounts = this.#mounts.get(path) ?? [];
    const mount = mounts.at(-1);
    if (!mount) return false;
    await mount.unmount();
    this.#mounts.set(path, mounts.slice(0, -1));
    return true;
  }

  /** Call this when no process runs in the root, but before the root is removed. */
  async close(root: IsolatedRoot | undefined): Promise<void> {
    this.#commits?.dispose();
    await this.#commitAll((volume) => volume.close());
    this.#volumes.length = 0;
    this.#mounts.clear();
    if (!this.keepsExitSnapshot) return;
    try {
      if (!root) throw new Error("The sandbox ended before it had files.");
      const { id } = await this.snapshot(root, { id: "", ttlSecs: DEFAULT_TTL_SECS });
      this.exitSnapshot.set({ kind: "image", imageId: id });
    } catch (error) {
      this.exitSnapshot.set({ kind: "failed", reason: messageOf(error) });
    }
  }

  async #commitAll(commit: (volume: VolumeMount) => Promise<void>): Promise<void> {
    for (const volume of this.#volumes)
      await commit(volume).catch((error: unknown) => {
        this.#options.log.error(`The changes of a volume could not be saved: ${messageOf(error)}`);
      });
  }

  #once({ id, ttlSecs }: SnapshotOptions, save: () => Promise<readonly string[]>): Promise<LocalImage> {
    const known = id === "" ? undefined : this.#snapshots.get(id);
    if (known) return known;
    const snapshot = save().then((layers) => this.#add(layers, ttlSecs));
    this.#snapshots.set(id, snapshot);
    snapshot.catch(() => this.#snapshots.delete(id));
    return snapshot;
  }

  #add(layers: readonly string[], ttlSecs: number | undefined): LocalImage {
    const { images, image } = this.#options;
    const expiresAt = ttlSecs === undefined ? undefined : Date.now() / 1000 + ttlSecs;
    const snapshot = { ...image, id: newId("im"), layers, expiresAt };
    images.add(snapshot);
    return snapshot;
  }
}
