import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { toDisposable } from "../../../../src/base/disposable";
import { Emitter } from "../../../../src/base/event";
import { watchMeters } from "../../../../src/ui/views/meterWatch";
import type { TreeNode } from "../../../../src/ui/views/nodes";

function arrange() {
  const expanded = new Emitter<{ readonly element: TreeNode }>();
  const collapsed = new Emitter<{ readonly element: TreeNode }>();
  const changed = new Emitter<{ readonly visible: boolean }>();
  const watched: string[] = [];
  const view = {
    visible: true,
    onDidExpandElement: expanded.event,
    onDidCollapseElement: collapsed.event,
    onDidChangeVisibility: changed.event,
  };
  const watch = (key: string) => {
    watched.push(key);
    return toDisposable(() => watched.splice(watched.indexOf(key), 1));
  };
  const watching = watchMeters(view, { watch });
  const setVisible = (visible: boolean) => {
    view.visible = visible;
    changed.fire({ visible });
  };
  const expand = (kind: "meters" | "sandbox", key = "a") => expanded.fire({ element: { kind, key } });
  const collapse = (kind: "meters" | "sandbox", key = "a") => collapsed.fire({ element: { kind, key } });
  return { watched, watching, setVisible, expand, collapse };
}

describe("the watched meters", () => {
  it("are those of expanded rows, as long as these exist", () => {
    const { watched, expand, collapse } = arrange();
    expand("sandbox");
    assert.deepEqual(watched, []);
    expand("meters");
    expand("meters", "b");
    assert.deepEqual(watched, ["a", "b"]);
    collapse("meters");
    assert.deepEqual(watched, ["b"]);
  });

  it("are not those of a closed sandbox or a hidden view", () => {
    const { watched, expand, collapse, setVisible } = arrange();
    expand("meters");
    collapse("sandbox");
    assert.deepEqual(watched, []);
    expand("sandbox");
    assert.deepEqual(watched, ["a"]);
    setVisible(false);
    assert.deepEqual(watched, []);
    setVisible(true);
    assert.deepEqual(watched, ["a"]);
  });

  it("are none once there are no watchers", () => {
    const { watched, watching, expand } = arrange();
    expand("meters");
    watching.dispose();
    assert.deepEqual(watched, []);
    expand("meters", "b");
    assert.deepEqual(watched, []);
  });
});
