import assert from "node:assert/strict";
import { mock } from "node:test";
import { afterEach, beforeEach, describe, it } from "mocha";
import { Emitter } from "../../../../src/base/event";
import { RunLog } from "../../../../src/run/output/runLog";
import { Run } from "../../../../src/run/run";
import { launchers } from "../../../../src/run/target/launchers";
import { targetOf } from "../../../../src/run/target/target";
import { SandboxStore } from "../../../../src/sandboxes/sandboxStore";
import type { Snapshot } from "../../../../src/sandboxes/snapshots/snapshots";
import type { Changes } from "../../../../src/ui/views/coalescedChanges";
import type { TreeNode } from "../../../../src/ui/views/nodes";
import { SandboxTreeModel } from "../../../../src/ui/views/sandboxTreeModel";
import { problemRow } from "../../../../src/ui/views/rows/problemRow";
import { mountRow } from "../../../../src/ui/views/rows/mountRow";
import { sandboxRow } from "../../../../src/ui/views/rows/sandboxRow";
import { rowContextAt } from "../../support/rows";
import { sandbox } from "../../support/sandboxes";
import { snapshot } from "../../support/snapshots";

const tunnel = { port: 8000, url: "https://abc.modal.host", isPublic: true };
const target = targetOf("train.py", launchers.python, { kind: "synced", path: "train.py" });

function arrange() {
  const store = new SandboxStore();
  const runs: Run[] = [];
  const runReads = { count: 0 };
  const changedRun = new Emitter<Run>();
  const used = new Emitter<string>();
  const changedSnapshots = new Emitter<readonly string[]>();
  const measured = new Emitter<string>();
  const metered = { rows: [problemRow(), problemRow()] };
  const snapshots = { known: [] as Snapshot[], onDidChangeSnapshots: changedSnapshots.event };
  const keep = (kept: Snapshot) => {
    snapshots.known = [kept, ...snapshots.known];
    changedSnapshots.fire([kept.sandboxName]);
  };
  const model = new SandboxTreeModel({
    sandboxes: store,
    runs: {
      get runs() {
        runReads.count += 1;
        return runs;
      },
      onDidChangeRun: changedRun.event,
    },
    activity: { onDidChangeActivity: used.event },
    snapshots,
    meters: { metersOf: () => ({ summary: "CPU 1.0 core", rows: metered.rows }), onDidChangeMetrics: measured.event },
  });
  const heard: Changes<TreeNode>[] = [];
  model.onDidChange((changes) => heard.push(changes));

  const addRun = (id: string, key: string) => {
    const run = new Run({ id, target, gpu: undefined, group: "", isBackground: false, log: new RunLog("") });
    run.onDidChangeState(() => changedRun.fire(run));
    runs.push(run);
    changedRun.fire(run);
    run.useSandbox({ key, gpu: undefined });
    run.enter({ kind: "preparing", step: "Syncing the folder" });
    return run;
  };
  const calm = () => {
    for (let quarter = 0; quarter < 4; quarter++) mock.timers.tick(250);
    heard.length = 0;
  };
  return { store, model, heard, addRun, runReads, calm, used, keep, measured, metered };
}

const running = (key: string, createdAt = 0) =>
  sandbox({ key, name: key, createdAt, phase: { kind: "running", id: `sb-${key}`, startedAt: 0, tunnels: [tunnel] } });

describe("the model of the tree", () => {
  beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
  afterEach(() => mock.timers.reset());

  it("has the sandboxes at its root, newest first, as the same objects each time", () => {
    const { store, model } = arrange();
    store.add(running("a", 1));
    store.add(running("b", 2));
    assert.deepEqual(model.roots, [
      { kind: "sandbox", key: "b" },
      { kind: "sandbox", key: "a" },
    ]);
    assert.equal(model.roots[0], model.roots[0]);
  });

  it("leaves sandboxes that no window holds to the list of orphans until a window takes them", () => {
    const { store, model, heard, calm } = arrange();
    store.add({ ...running("a"), holder: "nobody" });
    assert.deepEqual(model.roots, []);
    calm();
    store.add({ ...running("a"), holder: "thisWindow" });
    assert.deepEqual(model.roots, [{ kind: "sandbox", key: "a" }]);
    assert.deepEqual(heard, [undefined]);
  });

  it("has the tunnels and the runs of a sandbox under it, and knows the parent of each", () => {
    const { store, model, addRun } = arrange();
    store.add(running("a"));
    addRun("r1", "a");
    addRun("r2", "a");
    const [root] = model.roots;
    assert.ok(root);
    const children = model.children(root);
    assert.deepEqual(
      children.map((node) => model.idOf(node)),
      ["a/tunnel/8000", "a/meters", "a/run/r2", "a/run/r1"],
    );
    for (const child of children) assert.equal(model.parent(child), root);
  });

  it("has the meters of a running sandbox in separate rows, and reports only these when they change", () => {
    const { store, model, heard, calm, measured, metered } = arrange();
    store.add(running("a"));
    store.add(sandbox({ key: "b" }));
    const [, meters] = model.roots.flatMap((root) => model.children(root));
    assert.deepEqual(meters, { kind: "meters", key: "a" });
    const rows = model.children(meters);
    assert.deepEqual(
      rows.map((row) => model.idOf(row)),
      ["a/meters/0", "a/meters/1"],
    );
    for (const row of rows) assert.equal(model.parent(row), meters);
    calm();
    metered.rows = [];
    for (const key of ["a", "b", "gone"]) measured.fire(key);
    assert.deepEqual(heard, [[meters]]);
    assert.deepEqual(model.children(meters), []);
  });

  it("has the volumes of a running sandbox under its runs", () => {
    const { store, model, addRun } = arrange();
    const volumes = [{ path: "/data", volume: "sets", isReadOnly: true }];
    store.add({ ...running("a"), volumes });
    addRun("r1", "a");
    const [root] = model.roots;
    assert.ok(root);
    const children = model.children(root);
    assert.deepEqual(
      children.map((node) => model.idOf(node)),
      ["a/tunnel/8000", "a/meters", "a/run/r1", "a/mount/data"],
    );
    for (const child of children) assert.equal(model.parent(child), root);
    assert.equal(model.children(root)[3], children[3]);
    assert.deepEqual(mountRow({ path: "/data", volume: "sets", isReadOnly: true }).description, "/data · read-only");
  });

  it("has the snapshots of a sandbox last, in any state, and reports another one", () => {
    const { store, model, heard, calm, keep } = arrange();
    store.add(running("a", 2));
    store.add(running("b", 1));
    calm();
    keep(snapshot({ sandboxName: "a" }));
    const [root] = model.roots;
    assert.ok(root);
    assert.deepEqual(heard, [[root]]);
    const [tunnelNode, , node] = model.children(root);
    assert.ok(tunnelNode && node);
    assert.equal(tunnelNode.kind, "tunnel");
    assert.equal(model.idOf(node), "a/snapshot/im-1");
    assert.equal(model.parent(node), root);
    assert.equal(model.snapshot(node)?.imageId, "im-1");
    store.transition("a", { kind: "ended", reason: "timeout", endedAt: 1 });
    assert.deepEqual(model.children(root), [node]);
  });

  it("does not list a paused sandbox's own snapshot under it", () => {
    const { store, model, keep } = arrange();
    store.add(sandbox({ name: "a", phase: { kind: "paused", imageId: "im-2", pausedAt: 0 } }));
    keep(snapshot({ sandboxName: "a" }));
    keep(snapshot({ sandboxName: "a", imageId: "im-2", kind: "pause", isPaused: true }));
    assert.deepEqual(
      model.roots.flatMap((root) => model.children(root)).map((node) => model.snapshot(node)?.imageId),
      ["im-1"],
    );
  });

  it("shows no run without a sandbox, and no tunnel of an ended sandbox", () => {
    const { store, model, addRun } = arrange();
    store.add(running("a"));
    addRun("r1", "elsewhere");
    store.transition("a", { kind: "ended", reason: "idle", endedAt: 1 });
    assert.deepEqual(
      model.roots.flatMap((node) => model.children(node)),
      [],
    );
  });

  it("shows the ten newest runs of a sandbox", () => {
    const { store, model, addRun } = arrange();
    store.add(running("a"));
    for (let index = 1; index <= 12; index++) addRun(`r${index}`, "a");
    const ids = model.roots
      .flatMap((node) => model.children(node))
      .flatMap((node) => (node.kind === "run" ? [node.runId] : []));
    assert.equal(ids.length, 10);
    assert.equal(ids[0], "r12");
  });

  it("reports everything when sandboxes appear or disappear, and one when one changes", () => {
    const { store, model, heard, calm } = arrange();
    store.add(running("a"));
    assert.deepEqual(heard, [undefined]);
    calm();
    store.transition("a", { kind: "stopping", id: "sb-a" });
    assert.deepEqual(heard, [[model.roots[0]]]);
    calm();
    store.remove("a");
    assert.deepEqual(heard, [undefined]);
  });

  it("reports a sandbox whose use begins or ends, and nothing that is gone", () => {
    const { store, model, heard, calm, used } = arrange();
    store.add(running("a"));
    calm();
    used.fire("sb-a");
    used.fire("sb-gone");
    assert.deepEqual(heard, [[model.roots[0]]]);
  });

  it("reports the sandbox when a run joins it, and later only the run", () => {
    const { store, model, heard, addRun, calm } = arrange();
    store.add(running("a"));
    calm();
    const run = addRun("r1", "a");
    assert.deepEqual(heard, [[model.roots[0]]]);
    calm();
    run.enter({ kind: "running", startedAt: 0, dollarsPerHour: 1 });
    assert.deepEqual(heard, [[{ kind: "run", runId: "r1" }]]);
  });

  it("reports both sandboxes when a run moves from an ended one to another", () => {
    const { store, model, heard, addRun, calm } = arrange();
    store.add(running("a", 2));
    store.add(running("b", 1));
    const run = addRun("r1", "a");
    calm();
    run.useSandbox({ key: "b", gpu: undefined });
    run.enter({ kind: "preparing", step: "Syncing the folder" });
    assert.deepEqual(heard, [model.roots]);
  });

  it("combines many changes, and reports them at most four times a second", () => {
    const { store, heard, calm } = arrange();
    store.add(running("a", 2));
    store.add(running("b", 1));
    calm();
    for (const key of ["a", "b"]) store.transition(key, { kind: "stopping", id: `sb-${key}` });
    assert.equal(heard.length, 1);
    mock.timers.tick(249);
    assert.equal(heard.length, 1);
    mock.timers.tick(1);
    assert.deepEqual(heard[1], [{ kind: "sandbox", key: "b" }]);
  });

  it("shows a problem above the last known state until it is solved", () => {
    const { store, model, heard, calm } = arrange();
    store.add(running("a"));
    calm();
    model.problem = "No network.";
    assert.deepEqual(
      model.roots.map(({ kind }) => kind),
      ["problem", "sandbox"],
    );
    model.problem = undefined;
    assert.deepEqual(
      model.roots.map(({ kind }) => kind),
      ["sandbox"],
    );
    mock.timers.tick(1000);
    assert.deepEqual(heard, [undefined, undefined]);
  });

  it("paints a thousand sandboxes once, and only one row when the list changes one of them", () => {
    const { store, model, heard, calm } = arrange();
    const list = Array.from({ length: 1000 }, (_, index) => ({
      ...running(`s${index}`, index),
      gpu: { type: "H100", count: 1 },
    }));
    const context = rowContextAt(60_000);
    store.apply({ put: list, removeKeys: [] });
    const rows = model.roots.map((node) => {
      const shown = model.sandbox(node);
      return shown && sandboxRow(shown, context);
    });
    assert.equal(rows.length, 1000);
    assert.deepEqual(heard, [undefined]);

    calm();
    store.apply({
      put: list.map((entry, index) => (index === 500 ? { ...entry, name: "renamed" } : entry)),
      removeKeys: [],
    });
    assert.deepEqual(heard, [[{ kind: "sandbox", key: "s500" }]]);
    calm();
    store.apply({ put: structuredClone(list.slice(0, 500)), removeKeys: [] });
    assert.deepEqual(heard, []);
  });

  it("reads the list of runs once for the rows of a thousand sandboxes with a run each", () => {
    const { store, model, addRun, runReads } = arrange();
    store.apply({ put: Array.from({ length: 1000 }, (_, index) => running(`s${index}`, index)), removeKeys: [] });
    for (let index = 0; index < 1000; index++) addRun(`r${index}`, `s${index}`);
    const before = runReads.count;
    const children = model.roots.flatMap((node) => model.children(node));
    assert.equal(children.length, 3000);
    assert.equal(runReads.count - before, 1);
  });
});
