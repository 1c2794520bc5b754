import { DisposableStore, type Disposable } from "../../base/disposable";
import { LateTree } from "./lateTree";

/** The only view with nested rows. */
const NESTED = "modalSandboxes.sandboxes";

/** The views in the side bar, which are empty until their code is loaded. */
export class LateTrees implements Disposable {
  readonly #own = new DisposableStore();
  readonly #trees: ReadonlyMap<string, LateTree>;

  constructor(ids: readonly string[], load: () => unknown) {
    this.#trees = new Map(ids.map((id) => [id, this.#own.add(new LateTree(id, load, id === NESTED))]));
  }

  get(id: string): LateTree {
    const tree = this.#trees.get(id);
    if (!tree) throw new Error(`package.json has no view ${id}.`);
    return tree;
  }

  dispose(): void {
    this.#own.dispose();
  }
}
