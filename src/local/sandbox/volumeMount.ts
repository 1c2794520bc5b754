import { mkdir } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { SerialQueue } from "../../base/async";
import type { IsolatedMount, IsolatedRoot } from "../base/isolation";
import { applyChanges, compare, takeInventory, type Inventory } from "../storage/folderChanges";
import type { VolumeStore, VolumeVersion } from "../storage/volumes";

export interface VolumeMountSpec {
  readonly volumeId: string;
  readonly path: string;
  readonly readOnly: boolean;
  /** A folder of the volume, instead of the whole volume. */
  readonly subPath: string;
}

/** A volume in a sandbox: the version at the time of the mount or the last reload, beneath the sandbox's own writes. */
export class VolumeMount {
  readonly #volumes: VolumeStore;
  readonly #spec: VolumeMountSpec;
  readonly #root: IsolatedRoot;
  readonly #steps = new SerialQueue();
  #version: VolumeVersion;
  #mount: IsolatedMount;
  #committed: Inventory;

  static async open(volumes: VolumeStore, spec: VolumeMountSpec, root: IsolatedRoot): Promise<VolumeMount> {
    return new VolumeMount(volumes, spec, root, await show(volumes, spec, root));
  }

  private constructor(volumes: VolumeStore, spec: VolumeMountSpec, root: IsolatedRoot, shown: Shown) {
    this.#volumes = volumes;
    this.#spec = spec;
    this.#root = root;
    this.#version = shown.version;
    this.#mount = shown.mount;
    this.#committed = shown.inventory;
  }

  /** Adds the writes since the last commit to the volume. */
  commit(): Promise<void> {
    return this.#steps.run(() => this.#commit());
  }

  /** Shows the volume's latest version. Rejects with code `EBUSY` while a program uses it. */
  reload(): Promise<void> {
    return this.#steps.run(async () => {
      await this.#mount.unmount();
      await this.#commit();
      const previous = this.#version;
      const { version, mount, inventory } = await show(this.#volumes, this.#spec, this.#root);
      this.#version = version;
      this.#mount = mount;
      this.#committed = inventory;
      previous.release();
    });
  }

  /** Commits a last time. Call this when no process runs in the root. */
  close(): Promise<void> {
    return this.#steps.run(async () => {
      try {
        await this.#commit();
      } finally {
        this.#version.release();
      }
    });
  }

  async #commit(): Promise<void> {
    const { volumeId, subPath, readOnly } = this.#spec;
    if (readOnly) return;
    const { folder } = this.#mount;
    const inventory = await takeInventory(folder);
    const changes = compare(this.#committed, inventory);
    if (changes.removed.length + changes.written.length === 0) return;

    const replaced = await this.#mount.replacedFolders();
    await this.#volumes.commit(volumeId, async (draft) => {
      const to = join(draft, subPath);
      await mkdir(to, { recursive: true });
      await applyChanges({ from: folder, to, changes, replaced });
    });
    this.#committed = inventory;
  }
}

interface Shown {
  readonly version: VolumeVersion;
  readonly mount: IsolatedMount;
  /** The initial content of the folder that receives the mount's writes. */
  readonly inventory: Inventory;
}

async function show(volumes: VolumeStore, spec: VolumeMountSpec, root: IsolatedRoot): Promise<Shown> {
  const { volumeId, path, readOnly, subPath } = spec;
  let version = volumes.hold(volumeId);
  if (!existsSync(join(version.folder, subPath))) {
    version.release();
    await volumes.commit(volumeId, async (draft) => {
      await mkdir(join(draft, subPath), { recursive: true });
    });
    version = volumes.hold(volumeId);
  }
  try {
    const mount = await root.mount({ path, folders: [join(version.folder, subPath)], readOnly });
    return { version, mount, inventory: await takeInventory(mount.folder) };
  } catch (error) {
    version.release();
    throw error;
  }
}
