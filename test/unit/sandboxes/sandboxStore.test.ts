import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { legalTransitions, type Sandbox, type SandboxPhase } from "../../../src/sandboxes/sandbox";
import { SandboxStore, type SandboxChange } from "../../../src/sandboxes/sandboxStore";
import { sandbox } from "../support/sandboxes";

const phases: Record<SandboxPhase["kind"], SandboxPhase> = {
  creating: { kind: "creating", step: "queued" },
  running: { kind: "running", id: "sb-1", startedAt: 0, tunnels: [] },
  pausing: { kind: "pausing", id: "sb-1" },
  paused: { kind: "paused", imageId: "im-1", pausedAt: 0 },
  stopping: { kind: "stopping", id: "sb-1" },
  ended: { kind: "ended", reason: "terminated", endedAt: 1 },
};

function recorded(...sandboxes: Sandbox[]) {
  const store = new SandboxStore();
  store.apply({ put: sandboxes, removeKeys: [] });
  const changes: SandboxChange[] = [];
  store.onDidChangeSandboxes((change) => changes.push(change));
  return { store, changes };
}

describe("the sandbox store", () => {
  it("allows exactly the transitions in the table", () => {
    const kinds = Object.keys(phases) as SandboxPhase["kind"][];
    for (const from of kinds)
      for (const to of kinds) {
        const { store } = recorded(sandbox({ key: "a", phase: phases[from] }));
        const move = () => store.transition("a", phases[to]);
        if (legalTransitions[from].includes(to)) {
          move();
          assert.equal(store.get("a")?.phase.kind, to);
        } else assert.throws(move, /cannot go from/, `${from} to ${to}`);
      }
  });

  it("reports several changes once, and nothing if nothing changed", () => {
    const a = sandbox({ key: "a" });
    const b = sandbox({ key: "b" });
    const { store, changes } = recorded(a, b);
    store.apply({ put: [a, { ...b, name: "renamed" }, sandbox({ key: "c" })], removeKeys: ["missing"] });
    store.apply({ put: [sandbox({ key: "a" })], removeKeys: [] });
    assert.deepEqual(
      changes.map(({ added, changed, removed }) => [added, changed, removed].map((list) => list.map(({ key }) => key))),
      [[["c"], ["b"], []]],
    );
  });

  it("ignores changes of a removed sandbox", () => {
    const { store, changes } = recorded(sandbox({ key: "a" }));
    store.remove("a");
    store.transition("a", phases.ended);
    assert.equal(store.get("a"), undefined);
    assert.equal(changes.length, 1);
  });

  it("lists the newest first and finds sandboxes by id", () => {
    const { store } = recorded(
      sandbox({ key: "old", createdAt: 1, phase: phases.running }),
      sandbox({ key: "new", createdAt: 2 }),
    );
    assert.deepEqual(
      store.all.map(({ key }) => key),
      ["new", "old"],
    );
    assert.equal(store.findById("sb-1")?.key, "old");
  });
});
