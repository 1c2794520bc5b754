import { Deferred, SerialQueue } from "../../base/async";
import type { Allowlist, IsolatedRoot, MountOptions, SpawnOptions } from "../base/isolation";

/**
 * A root whose changes are not copied when they are saved while nothing runs in it. The changes themselves become a
 * layer, and a fresh root on that layer replaces this one. That takes as long as a create, however much was written.
 */
export class RenewableRoot implements IsolatedRoot {
  readonly #create: (layers: readonly string[]) => Promise<IsolatedRoot>;
  readonly #ended = new Deferred<undefined>();
  readonly ended: Promise<void> = this.#ended.promise;
  readonly #saves = new SerialQueue();
  #root: IsolatedRoot;
  #layers: readonly string[];
  /** The current root. Its end counts as a loss. */
  #watched: IsolatedRoot | undefined;
  #renewal: Promise<unknown> | undefined;
  #allowlist: Allowlist | undefined;
  #uses = 0;
  #isStopped = false;

  static async open(
    create: (layers: readonly string[]) => Promise<IsolatedRoot>,
    layers: readonly string[],
  ): Promise<RenewableRoot> {
    return new RenewableRoot(create, layers, await create(layers));
  }

  private constructor(
    create: (layers: readonly string[]) => Promise<IsolatedRoot>,
    layers: readonly string[],
    root: IsolatedRoot,
  ) {
    this.#create = create;
    this.#layers = layers;
    this.#root = root;
    this.#watch(root);
  }

  processes() {
    return this.#root.processes?.() ?? [];
  }

  spawn(options: SpawnOptions) {
    return this.#use((root) => root.spawn(options));
  }

  connect(port: number) {
    return this.#use((root) => root.connect(port));
  }

  holdsSocket(inode: string) {
    return this.#root.holdsSocket(inode);
  }

  setAllowlist(allowlist: Allowlist) {
    return this.#use(async (root) => {
      await root.setAllowlist(allowlist);
      this.#allowlist = allowlist;
    });
  }

  saveFolder(path: string, layer: string) {
    return this.#use((root) => root.saveFolder(path, layer));
  }

  mount(options: MountOptions) {
    return this.#use((root) => root.mount(options));
  }

  saveChanges(layer: string): Promise<"copied" | "beneath"> {
    return this.#saves.run(async () => {
      if (this.#isStopped || this.#uses > 0) return this.#root.saveChanges(layer);
      const renewal = this.#renew(layer);
      this.#renewal = renewal;
      const isRenewed = await renewal.finally(() => (this.#renewal = undefined));
      return isRenewed ? "beneath" : this.#use((root) => root.saveChanges(layer));
    });
  }

  async stop() {
    this.#isStopped = true;
    await this.#renewal?.catch(() => undefined);
    await this.#root.stop();
  }

  async dispose() {
    await this.stop();
    await this.#root.dispose();
    this.#ended.resolve(undefined);
  }

  async #use<T>(work: (root: IsolatedRoot) => Promise<T>): Promise<T> {
    this.#uses += 1;
    try {
      await this.#renewal;
      return await work(this.#root);
    } finally {
      this.#uses -= 1;
    }
  }

  async #renew(layer: string): Promise<boolean> {
    const previous = this.#root;
    if (!(await previous.isAtRest?.())) return false;
    try {
      // The end of this root is no longer a loss.
      this.#watched = undefined;
      await previous.stop();
      await previous.saveChanges(layer);
      const layers = [...this.#layers, layer];
      this.#root = await this.#create(layers);
      if (this.#allowlist) await this.#root.setAllowlist(this.#allowlist);
      this.#layers = layers;
      this.#watch(this.#root);
    } catch (error) {
      this.#ended.resolve(undefined);
      throw error;
    } finally {
      void previous.dispose().catch(() => undefined);
    }
    return true;
  }

  #watch(root: IsolatedRoot): void {
    this.#watched = root;
    void root.ended.then(() => {
      if (this.#watched === root) this.#ended.resolve(undefined);
    });
  }
}
