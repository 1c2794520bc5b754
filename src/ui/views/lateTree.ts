import {
  EventEmitter,
  window,
  type CancellationToken,
  type ProviderResult,
  type TreeDataProvider,
  type TreeItem,
  type TreeView,
} from "vscode";
import { Deferred } from "../../base/async";
import { DisposableStore, type Disposable } from "../../base/disposable";

/** A view whose rows come from code that is loaded when the view is first visible. */
export class LateTree implements TreeDataProvider<object>, Disposable {
  readonly #own = new DisposableStore();
  readonly #changed = this.#own.add(new EventEmitter<object[] | undefined>());
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #load: () => unknown;
  readonly #provided = new Deferred<TreeDataProvider<object>>();
  readonly #view: TreeView<object>;
  #provider: TreeDataProvider<object> | undefined;

  /** @param load gets a provider of the rows passed to `connect`, and reports its own errors */
  constructor(id: string, load: () => unknown, showCollapseAll: boolean) {
    this.#load = load;
    this.#view = this.#own.add(
      window.createTreeView(id, { treeDataProvider: this, canSelectMany: true, showCollapseAll }),
    );
  }

  /** Takes the rows from `provider`, and returns the view. */
  connect<T extends object>(provider: TreeDataProvider<T>): TreeView<T> {
    const late = provider as TreeDataProvider<object>;
    this.#provider = late;
    const subscription = late.onDidChangeTreeData?.((changes) => this.#changed.fire(changes as object[] | undefined));
    if (subscription) this.#own.add(subscription);
    this.#provided.resolve(late);
    return this.#view as TreeView<T>;
  }

  async getChildren(element?: object): Promise<object[]> {
    this.#load();
    const provider = await this.#provided.promise;
    return (await provider.getChildren(element)) ?? [];
  }

  async getTreeItem(element: object): Promise<TreeItem> {
    return (await this.#provided.promise).getTreeItem(element);
  }

  getParent(element: object): ReturnType<NonNullable<TreeDataProvider<object>["getParent"]>> {
    return this.#provider?.getParent?.(element);
  }

  resolveTreeItem(item: TreeItem, element: object, token: CancellationToken): ProviderResult<TreeItem> {
    return this.#provider?.resolveTreeItem?.(item, element, token) ?? item;
  }

  dispose(): void {
    this.#own.dispose();
  }
}
