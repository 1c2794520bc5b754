import assert from "node:assert/strict";
import { describe, it } from "mocha";

import { Emitter } from "../../src/base/event";
import { listRates } from "../../src/modal/rates";
import { SandboxStore } from "../../src/sandboxes/sandboxStore";
import { SandboxesTree } from "../../src/ui/views/sandboxesTree";
import { SandboxTreeModel } from "../../src/ui/views/sandboxTreeModel";
import { sandbox } from "../unit/support/sandboxes";

const COUNT = 1000;
const LIMIT_MS = 200;

describe("the tree of a thousand sandboxes", () => {
  it("reaches VS Code within 200 ms of the server's list", () => {
    const store = new SandboxStore();
    const model = new SandboxTreeModel({
      sandboxes: store,
      runs: { runs: [], onDidChangeRun: new Emitter<never>().event },
      activity: { onDidChangeActivity: new Emitter<string>().event },
      snapshots: { known: [], onDidChangeSnapshots: new Emitter<readonly string[]>().event },
      meters: { metersOf: () => ({ summary: "", rows: [] }), onDidChangeMetrics: new Emitter<string>().event },
    });
    const tree = new SandboxesTree({
      model,
      session: { current: { kind: "signedOut" } },
      clock: { now: () => 60_000 },
      rates: { current: listRates },
      activity: { useOf: () => ({ kind: "idle", idleMs: 60_000, leftMs: 60_000 }) },
      meter: { spentOn: () => ({ dollars: 0, isEstimate: true }) },
    });
    const list = Array.from({ length: COUNT }, (_, index) =>
      sandbox({
        key: `s${index}`,
        gpu: { type: "H100", count: 1 },
        createdAt: index,
        phase: { kind: "running", id: `sb-${index}`, startedAt: 0, tunnels: [] },
      }),
    );

    // All that VS Code asks for before it draws: it draws only what is in sight, and asks for tooltips later.
    const before = performance.now();
    store.apply({ put: list, removeKeys: [] });
    const items = tree.getChildren().map((node) => tree.getTreeItem(node));
    const elapsedMs = performance.now() - before;

    console.log(`      ${COUNT} items: ${elapsedMs.toFixed(0)} ms`);
    assert.equal(items.length, COUNT);
    assert.ok(elapsedMs < LIMIT_MS, `${elapsedMs.toFixed(0)} ms`);
    model.dispose();
  });
});
