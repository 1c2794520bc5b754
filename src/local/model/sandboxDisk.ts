import { newId } from "./ids";
import type { Isolation, IsolatedRoot } from "../isolation";
import type { ImageStore, LocalImage } from "./images";
import type { LayerStore } from "./layers";

export interface DiskOptions {
  /** What the sandbox was created from. */
  readonly image: LocalImage;
  readonly images: ImageStore;
  readonly layers: LayerStore;
  readonly isolation: Isolation;
}

export interface SnapshotOptions {
  /** By the client: the same one again gives the same snapshot. */
  readonly id: string;
  /** None is for ever. */
  readonly ttlSecs: number | undefined;
}

/** What a sandbox has on disk: the layers beneath it, and the images that are made of its files. */
export class SandboxDisk {
  readonly #options: DiskOptions;
  readonly #snapshots = new Map<string, Promise<LocalImage>>();

  constructor(options: DiskOptions) {
    this.#options = options;
  }

  /** Folders that its root is created on, lowest first. */
  get layers(): readonly string[] {
    return this.#folders(this.#options.image);
  }

  /** An image of all its files, as they are while programs go on writing. */
  snapshot(root: IsolatedRoot, options: SnapshotOptions): Promise<LocalImage> {
    return this.#once(options, async () => this.#stacked(await this.#save((layer) => root.saveChanges(layer))));
  }

  /** An image of one folder, to be mounted. */
  snapshotFolder(root: IsolatedRoot, path: string, options: SnapshotOptions): Promise<LocalImage> {
    return this.#once(options, async () => [await this.#save((layer) => root.saveFolder(path, layer))]);
  }

  #once(options: SnapshotOptions, save: () => Promise<readonly string[]>): Promise<LocalImage> {
    const known = options.id === "" ? undefined : this.#snapshots.get(options.id);
    if (known) return known;
    const snapshot = save().then((layers) => this.#add(layers, options.ttlSecs));
    this.#snapshots.set(options.id, snapshot);
    snapshot.catch(() => this.#snapshots.delete(options.id));
    return snapshot;
  }

  #save(fill: (layer: string) => Promise<void>): Promise<string> {
    return this.#options.layers.add(fill);
  }

  #stacked(layer: string): readonly string[] {
    const { isolation, image } = this.#options;
    return isolation.layering === "stacked" ? [...image.layers, layer] : [layer];
  }

  #add(layers: readonly string[], ttlSecs: number | undefined): LocalImage {
    const { images, image } = this.#options;
    const expiresAt = ttlSecs === undefined ? undefined : Date.now() / 1000 + ttlSecs;
    const snapshot = { ...image, id: newId("im"), layers, expiresAt };
    images.add(snapshot);
    return snapshot;
  }

  #folders({ layers }: LocalImage): readonly string[] {
    return layers.map((layer) => this.#options.layers.folderOf(layer));
  }
}
