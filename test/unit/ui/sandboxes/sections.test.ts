import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { listRates } from "../../../../src/modal/rates";
import { SandboxStore } from "../../../../src/sandboxes/sandboxStore";
import { orphanSection } from "../../../../src/ui/views/sections/orphanSection";
import { snapshotDetails, snapshotRow } from "../../../../src/ui/views/sections/snapshotSection";
import { sandbox } from "../../support/sandboxes";
import { snapshot } from "../../support/snapshots";

describe("the row of a snapshot", () => {
  it("shows its source, its age and its expiry", () => {
    const row = snapshotRow(snapshot(), 2 * 3_600_000);
    assert.equal(row.label, "Snapshot of T4");
    assert.equal(row.description, "2h ago · project · expires in 29d 22h");
    assert.equal(snapshotRow(snapshot({ kind: "pause", isPaused: true }), 0).label, "Paused T4");
    assert.equal(snapshotRow(snapshot({ kind: "exit" }), 0).label, "Left by T4");
  });

  it("leaves out what Modal does not report", () => {
    const details = new Map(snapshotDetails(snapshot({ kind: "exit" }), 0).map(({ name, value }) => [name, value]));
    assert.equal(details.get("Size"), "unknown");
    const unknown = { ...snapshot() };
    Reflect.deleteProperty(unknown, "expiresAt");
    assert.ok(snapshotDetails(unknown, 0).some(({ name, value }) => name === "Expires" && value === "unknown"));
  });
});

describe("the list of orphans", () => {
  it("has the running sandboxes that no window holds, with their price, and nothing else", async () => {
    const store = new SandboxStore();
    const phase = { kind: "running", id: "sb-1", startedAt: 0, tunnels: [] } as const;
    store.add(sandbox({ key: "ours", phase }));
    store.add(sandbox({ key: "nobodys", holder: "nobody", phase, gpu: { type: "T4", count: 1 } }));
    store.add(sandbox({ key: "over", holder: "nobody", phase: { kind: "ended", reason: "idle", endedAt: 1 } }));
    const section = orphanSection(store, {
      session: { current: { kind: "signedOut" } },
      clock: { now: () => 60_000 },
      rates: { current: listRates },
      activity: { useOf: () => undefined },
      meter: { spentOn: () => ({ dollars: 0, isEstimate: true }) },
    });
    const listed = await section.load(new AbortController().signal);
    assert.deepEqual(listed, [{ kind: "sandbox", key: "nobodys" }]);
    const row = listed.map(section.rowOf)[0];
    assert.match(row?.description ?? "", /^running · 1m · \$\d\.\d\d\/h$/);
    assert.match(row?.contextValue ?? "", /\borphan\b/);
  });
});
