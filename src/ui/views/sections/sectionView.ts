import { EventEmitter, workspace, type TreeDataProvider, type TreeItem, type TreeView } from "vscode";
import type { Session } from "../../../auth/session";
import { DisposableStore, type Disposable } from "../../../base/disposable";
import { isAbort, messageOf } from "../../../base/errors";
import type { Event } from "../../../base/event";
import type { Logger } from "../../../base/ports";
import { setContextKey } from "../../contextKeys";
import { inert } from "../../outsideText";
import { problemRow } from "../rows/problemRow";
import { detailsTooltip, rowItem } from "../rows/rowItem";
import type { LateTrees } from "../lateTrees";
import type { Section } from "./section";

export interface SectionViewOptions {
  readonly session: { readonly current: Session; readonly onDidChangeSession: Event<Session> };
  readonly trees: LateTrees;
  readonly log: Logger;
}

/** A row in place of a list that could not be fetched. */
interface Problem {
  readonly problem: string;
}

/** Shows a section as a view, which fetches its list only while it is visible. */
export class SectionView<T extends object> implements TreeDataProvider<T | Problem>, Disposable {
  readonly #section: Section<T>;
  readonly #options: SectionViewOptions;
  readonly #own = new DisposableStore();
  readonly #changed = this.#own.add(new EventEmitter<undefined>());
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #view: TreeView<T | Problem>;
  #items: ReadonlyMap<string, T> = new Map();
  /** Aborts a fetch when the session changes. */
  #abort = new AbortController();

  constructor(section: Section<T>, options: SectionViewOptions) {
    this.#section = section;
    this.#options = options;
    this.#view = options.trees.get(section.view).connect<T | Problem>(this);
    const refresh = () => this.refresh();
    const startOver = () => {
      this.#abort.abort();
      this.#abort = new AbortController();
      setContextKey(section.listedKey, false);
      refresh();
    };
    this.#own.add(options.session.onDidChangeSession(startOver));
    this.#own.add(workspace.onDidGrantWorkspaceTrust(refresh));
    if (section.onDidChange) this.#own.add(section.onDidChange(refresh));
    startOver();
  }

  get isVisible(): boolean {
    return this.#view.visible;
  }

  /** Fetches the list again: immediately if the view is visible, or else as soon as it is. */
  refresh(): void {
    this.#changed.fire(undefined);
  }

  /** Shows a failure as a row that tries again when it is clicked. */
  async getChildren(item?: T | Problem): Promise<(T | Problem)[]> {
    if (item || !workspace.isTrusted || this.#options.session.current.kind === "signedOut") return [];
    const { signal } = this.#abort;
    const { load, listedKey, view } = this.#section;
    try {
      return this.#sameAsBefore(await load(signal));
    } catch (error) {
      if (signal.aborted || isAbort(error)) return [];
      this.#options.log.warn(`${view}: ${messageOf(error)}`);
      return [{ problem: messageOf(error) }];
    } finally {
      if (!signal.aborted) setContextKey(listedKey, true);
    }
  }

  getTreeItem(item: T | Problem): TreeItem {
    if (!isProblem(item)) return rowItem(this.#section.idOf(item), this.#section.rowOf(item));
    const retry = rowItem("problem", problemRow(item.problem));
    retry.command = { command: "modalSandboxes.refreshSections", title: "Refresh" };
    retry.tooltip = inert(item.problem);
    return retry;
  }

  resolveTreeItem(treeItem: TreeItem, item: T | Problem): TreeItem {
    if (!isProblem(item)) treeItem.tooltip = detailsTooltip(this.#section.detailsOf(item));
    return treeItem;
  }

  /**
   * VS Code identifies an element by its object, so two lists that it requests at the same time must share their
   * objects.
   */
  #sameAsBefore(items: readonly T[]): T[] {
    const { idOf } = this.#section;
    const same = items.map((item) => {
      const known = this.#items.get(idOf(item));
      return known && JSON.stringify(known) === JSON.stringify(item) ? known : item;
    });
    this.#items = new Map(same.map((item) => [idOf(item), item]));
    return same;
  }

  dispose(): void {
    this.#abort.abort();
    this.#own.dispose();
  }
}

const isProblem = (item: object): item is Problem => "problem" in item;
