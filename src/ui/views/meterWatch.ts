import type { TreeView } from "vscode";
import { DisposableStore, toDisposable, type Disposable } from "../../base/disposable";
import type { TreeNode } from "./nodes";

/** Measures a sandbox while its meters are on the screen: expanded, in an expanded sandbox, in a visible view. */
export function watchMeters(
  view: Pick<TreeView<TreeNode>, "visible" | "onDidExpandElement" | "onDidCollapseElement" | "onDidChangeVisibility">,
  meters: { watch(key: string): Disposable },
): Disposable {
  const expanded = new Set<string>();
  const closed = new Set<string>();
  const watches = new Map<string, Disposable>();

  const update = () => {
    const seen = new Set(view.visible ? [...expanded].filter((key) => !closed.has(key)) : []);
    for (const [key, watch] of watches) {
      if (seen.has(key)) continue;
      watch.dispose();
      watches.delete(key);
    }
    for (const key of seen) if (!watches.has(key)) watches.set(key, meters.watch(key));
  };

  const own = new DisposableStore();
  own.add(
    toDisposable(() => {
      for (const watch of watches.values()) watch.dispose();
    }),
  );
  own.add(
    view.onDidExpandElement(({ element }) => {
      if (element.kind === "meters") expanded.add(element.key);
      else if (element.kind === "sandbox") closed.delete(element.key);
      update();
    }),
  );
  own.add(
    view.onDidCollapseElement(({ element }) => {
      if (element.kind === "meters") expanded.delete(element.key);
      else if (element.kind === "sandbox") closed.add(element.key);
      update();
    }),
  );
  own.add(view.onDidChangeVisibility(update));
  return own;
}
