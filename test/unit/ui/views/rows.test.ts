import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { UserError } from "../../../../src/base/errors";
import type { Run, RunState } from "../../../../src/run/run";
import type { PortListener } from "../../../../src/modal/tunnels";
import type { StoppedBy } from "../../../../src/run/runOutcome";
import { launchers } from "../../../../src/run/target/launchers";
import { targetOf } from "../../../../src/run/target/target";
import type { Use } from "../../../../src/sandboxes/metrics/activity";
import type { Sandbox, SandboxPhase } from "../../../../src/sandboxes/sandbox";
import { escapeMarkdown, markdownTable } from "../../../../src/ui/views/markdown";
import { problemRow } from "../../../../src/ui/views/rows/problemRow";
import { runDetails, runRow } from "../../../../src/ui/views/rows/runRow";
import { sandboxDetails, sandboxRow } from "../../../../src/ui/views/rows/sandboxRow";
import { snapshotRow } from "../../../../src/ui/views/sections/snapshotSection";
import { tunnelNote, tunnelRow } from "../../../../src/ui/views/rows/tunnelRow";
import { parseWhen, type Context } from "../../support/whenClause";
import { readManifest } from "../../support/manifest";
import { rowContextAt } from "../../support/rows";
import { sandbox } from "../../support/sandboxes";
import { snapshot } from "../../support/snapshots";

const MINUTE = 60_000;
const now = 100 * MINUTE;
const cloud = rowContextAt(now);
const local = rowContextAt(now, { isLocal: true });

const publicTunnel = { port: 8000, url: "https://abc.modal.host", isPublic: true };
const localTunnel = { port: 8000, url: "http://127.0.0.1:40123", isPublic: false };

const running = (properties: Partial<Sandbox> = {}): Sandbox =>
  sandbox({
    gpu: { type: "T4", count: 1 },
    phase: { kind: "running", id: "sb-1", startedAt: now - 12 * MINUTE, tunnels: [publicTunnel] },
    ...properties,
  });

const run = (state: RunState): Pick<Run, "target" | "gpu" | "state"> => ({
  target: targetOf("train.py", launchers.python, { kind: "synced", path: "src/train.py" }),
  gpu: { type: "T4", count: 1 },
  state,
});

const ended = (exitCode: number): Extract<RunState, { kind: "ended" }> => ({
  kind: "ended",
  startedAt: now - MINUTE,
  endedAt: now - 18_000,
  exitCode,
  dollars: 0.0113,
});

describe("the row of a sandbox", () => {
  it("shows its GPU, how long it has run and its cost", () => {
    const { label, description, icon } = sandboxRow(running(), cloud);
    assert.equal(label, "T4");
    assert.equal(description, "running · 12m · $0.97/h");
    assert.deepEqual(icon, { id: "vm-running", color: "charts.green" });
  });

  it('says "local" instead of a price on the local backend', () =>
    assert.equal(sandboxRow(running(), local).description, "running · 12m · local"));

  it("has a label without symbols for screen readers", () => {
    const { spoken } = sandboxRow(running({ gpu: { type: "H100", count: 2 } }), cloud);
    assert.equal(spoken, "2 × H100 sandbox vscode-1, running, 12m, $8.28 per hour");
  });

  it("says what a create waits for, and does not claim to prepare an image while a limit dialog is open", () => {
    const description = (step: "limits" | "image") =>
      sandboxRow(sandbox({ phase: { kind: "creating", step } }), cloud).description;
    assert.match(description("limits"), /^checking your limits/);
    assert.match(description("image"), /^preparing image/);
  });

  it("spins while the sandbox is created or stopped, and tells failure from a normal end", () => {
    const icon = (phase: SandboxPhase) => sandboxRow(sandbox({ phase }), cloud).icon.id;
    assert.equal(icon({ kind: "creating", step: "queued" }), "loading~spin");
    assert.equal(icon({ kind: "stopping", id: "sb-1" }), "loading~spin");
    assert.equal(icon({ kind: "ended", reason: "idle", endedAt: now }), "vm-outline");
    assert.equal(icon({ kind: "ended", reason: "failed", endedAt: now }), "error");
  });

  it("shows how long it has been idle, if that is long", () => {
    const idle = (idleMs: number) =>
      rowContextAt(now, { useOf: () => ({ kind: "idle", idleMs, leftMs: 10 * MINUTE - idleMs }) });
    assert.equal(sandboxRow(running(), idle(4 * MINUTE)).description, "running · 12m · $0.97/h · idle 4m of 10m");
    assert.match(sandboxRow(running(), idle(4 * MINUTE)).spoken, /idle 4m of 10m$/);
    assert.equal(sandboxRow(running(), idle(MINUTE / 2)).description, "running · 12m · $0.97/h");
    const busy = rowContextAt(now, { useOf: () => ({ kind: "busy" }) });
    assert.equal(sandboxRow(running(), busy).description, "running · 12m · $0.97/h");
  });

  it("lists its resources, end and cost in the tooltip", () => {
    const details = new Map(
      sandboxDetails(running({ placement: ["us-east"] }), cloud).map(({ name, value }) => [name, value]),
    );
    assert.equal(details.get("ID"), "sb-1");
    assert.equal(details.get("CPU"), "2 cores");
    assert.equal(details.get("Memory"), "4 GiB");
    assert.equal(details.get("Region"), "us-east");
    assert.equal(details.get("Ends in"), "48m");
    assert.equal(details.get("Idle limit"), "10m");
    assert.equal(details.get("Cost so far"), "about $0.19 by time and rate, at $0.97/h");
    assert.equal(details.get("Use"), undefined);
  });

  it("prefers Modal's metered usage to time and rate in the tooltip", () => {
    const metered = rowContextAt(now, { spentOn: () => ({ dollars: 0.31, isEstimate: false }) });
    const cost = sandboxDetails(running(), metered).find(({ name }) => name === "Cost so far");
    assert.equal(cost?.value, "$0.31 as metered by Modal, at $0.97/h");
  });

  it("shows its use in the tooltip, as far as this window knows it", () => {
    const detailed = (use: Use) =>
      sandboxDetails(running(), rowContextAt(now, { useOf: () => use })).find(({ name }) => name === "Use")?.value;
    const idle = { kind: "idle", idleMs: 4 * MINUTE, leftMs: 6 * MINUTE } as const;
    assert.equal(detailed(idle), "idle 4m of 10m in this window; ends in about 6m unless something uses it");
    assert.equal(detailed({ ...idle, leftMs: undefined }), "idle 4m in this window");
    assert.equal(detailed({ kind: "busy" }), "a program or a shell of this window is running");
    assert.match(detailed({ kind: "usedElsewhere" }) ?? "", /^something outside this window is using it/);
  });

  it("leaves out what the server does not report", () => {
    const bare = sandbox({ name: "sb-9", cpu: undefined, image: undefined, phase: { kind: "stopping", id: "sb-9" } });
    assert.deepEqual(
      sandboxDetails(bare, cloud).map(({ name }) => name),
      ["ID", "State", "GPU", "Memory"],
    );
  });
});

describe("the row of a tunnel", () => {
  it("marks a public URL as public", () => {
    const { label, description, spoken } = tunnelRow(publicTunnel);
    assert.equal(label, ":8000");
    assert.equal(description, "public · abc.modal.host");
    assert.match(spoken, /public/);
    assert.match(tunnelNote(publicTunnel), /^Public: anyone/);
  });

  it("shows a local address with its scheme, because it is not encrypted", () => {
    assert.equal(tunnelRow(localTunnel).description, "http://127.0.0.1:40123");
    assert.match(tunnelNote(localTunnel), /this machine only/);
  });

  it("names the listener of a port that sandboxes share", () => {
    const shared = (sharedWith: PortListener) => {
      const tunnel = { ...localTunnel, sharedWith };
      const { description, spoken, icon } = tunnelRow(tunnel);
      return {
        description: description.replace(` · ${localTunnel.url}`, ""),
        spoken,
        icon: icon.id,
        note: tunnelNote(tunnel),
      };
    };
    assert.deepEqual(shared({ kind: "sandbox", id: "sb-2" }), {
      description: "shared port: sb-2 listens",
      spoken: "Tunnel to port 8000, this machine only, http://127.0.0.1:40123, shared port, sandbox sb-2 listens on it",
      icon: "warning",
      note: "Port 8000 is shared on this machine; sandbox sb-2 listens on it. This tunnel is closed until that sandbox stops listening.",
    });
    const texts = (["itself", "machine", "nobody"] as const).map((kind) => {
      const { description, icon, note } = shared({ kind });
      return [description, icon, note.replace(/^Reachable from this machine only\. .*browser\. /, "")];
    });
    assert.deepEqual(texts, [
      ["shared port", "globe", "Port 8000 is shared on this machine; this sandbox listens on it."],
      [
        "shared port: another program listens",
        "warning",
        "Port 8000 is shared on this machine; a program outside all sandboxes listens on it.",
      ],
      ["shared port", "globe", "Port 8000 is shared on this machine; nothing listens on it yet."],
    ]);
  });
});

describe("the row of a run", () => {
  it("shows its progress", () => {
    assert.equal(runRow(run({ kind: "preparing", step: "Waiting for T4" }), cloud).description, "waiting for T4");
    assert.equal(
      runRow(run({ kind: "running", startedAt: now - 3 * MINUTE, dollarsPerHour: 1 }), cloud).description,
      "running · 3m",
    );
    assert.equal(runRow(run({ kind: "canceled" }), cloud).description, "canceled");
  });

  it("shows how it ended, how long it took and its cost", () => {
    assert.equal(runRow(run(ended(0)), cloud).description, "done · 42s · $0.01");
    assert.equal(runRow(run(ended(3)), cloud).description, "exit code 3 · 42s · $0.01");
    assert.equal(runRow(run(ended(0)), local).description, "done · 42s");
    assert.equal(runRow(run(ended(0)), cloud).icon.id, "pass");
    assert.equal(runRow(run(ended(3)), cloud).icon.id, "error");
  });

  it("shows a run that the user stopped as neither done nor failed", () => {
    const stopped = (stoppedBy: StoppedBy) => {
      const { description, icon } = runRow(run({ ...ended(130), stoppedBy }), cloud);
      return [description, icon.id];
    };
    assert.deepEqual(stopped("interrupt"), ["interrupted · 42s · $0.01", "circle-slash"]);
    assert.deepEqual(stopped("termination"), ["terminated · 42s · $0.01", "circle-slash"]);
  });

  it("shows why it failed", () => {
    const failed = run({ kind: "failed", error: new UserError("Modal has no T4 free right now.") });
    assert.deepEqual(runDetails(failed, cloud).at(-1), { name: "Reason", value: "Modal has no T4 free right now." });
  });
});

describe("the tooltip of a run", () => {
  const costs = (state: RunState, context: typeof cloud) =>
    runDetails(run(state), context).filter(({ name }) => name.startsWith("Cost"));

  it("shows the cost while it runs and afterwards, and nothing if it is free", () => {
    const running: RunState = { kind: "running", startedAt: now - 30 * MINUTE, dollarsPerHour: 1 };
    assert.deepEqual(costs(running, cloud), [{ name: "Cost so far", value: "about $0.50 at $1.00/h" }]);
    assert.deepEqual(costs(ended(0), cloud), [{ name: "Cost", value: "about $0.01" }]);
    assert.deepEqual(costs(running, local), []);
  });
});

describe("tooltips", () => {
  it("show outside text as it is, never as links, images or new rows", () => {
    assert.equal(escapeMarkdown("[x](command:evil)"), "\\[x\\]\\(command\\:evil\\)");
    assert.equal(escapeMarkdown("a\n| b"), "a \\| b");
    assert.equal(escapeMarkdown("$(zap) <img>"), "\\$\\(zap\\) \\<img\\>");
  });

  it("keep the start and the end of text that would fill the screen", () => {
    const shown = escapeMarkdown(`start${"(\u202e".repeat(100_000)}end`);
    assert.ok(shown.length < 3000, `${shown.length} characters`);
    assert.match(shown, /^start.*…(?!\().*end$/u);
  });

  it("are tables of names and values", () => {
    assert.equal(markdownTable([{ name: "GPU", value: "T4" }]), "| | |\n|:--|:--|\n| GPU | T4 |");
    assert.equal(markdownTable([]), "");
  });
});

describe("the menus of the tree", () => {
  const { menus } = readManifest().contributes;
  const context = { view: "modalSandboxes.sandboxes", listMultiSelection: false };
  const actions = (viewItem: string, others: Context = {}) => [
    ...new Set(
      menus["view/item/context"]
        ?.filter(({ when }) => when && parseWhen(when).holds({ ...context, viewItem, ...others }))
        .flatMap((item) => ("command" in item ? [item.command.replace("modalSandboxes.", "")] : [])),
    ),
  ];
  const sandboxActions = (phase: SandboxPhase) => actions(sandboxRow(sandbox({ phase }), cloud).contextValue).sort();

  it("offer everything that can be done with a running sandbox", () => {
    assert.deepEqual(actions(sandboxRow(running(), cloud).contextValue).sort(), [
      "branchSandbox",
      "continueSandbox",
      "copySandboxId",
      "downloadFromSandbox",
      "openShell",
      "openTunnel",
      "pauseSandbox",
      "previewSync",
      "runFileInSandbox",
      "snapshotSandbox",
      "syncFolder",
      "terminateSandbox",
    ]);
  });

  it("offer to resume a paused sandbox, and only the id of one that is being paused", () => {
    assert.deepEqual(sandboxActions({ kind: "paused", imageId: "im-1", pausedAt: 0 }), [
      "resumeOnAnotherGpu",
      "resumeSandbox",
    ]);
    assert.deepEqual(sandboxActions({ kind: "pausing", id: "sb-1" }), ["copySandboxId"]);
  });

  it("offer to restore an ended sandbox if Modal keeps its files", () => {
    const ended = sandboxRow(sandbox({ phase: { kind: "ended", reason: "timeout", endedAt: now } }), cloud);
    assert.deepEqual(actions(ended.contextValue, { "config.modalSandboxes.snapshotOnExit": true }), ["restoreSandbox"]);
  });

  it("offer the same for a snapshot under its sandbox and in the list of snapshots", () => {
    const { contextValue } = snapshotRow(snapshot(), now);
    assert.deepEqual(actions(contextValue), ["createFromSnapshot", "deleteSnapshot"]);
    assert.deepEqual(actions(contextValue, { view: "modalSandboxes.snapshots" }), actions(contextValue));
  });

  it("offer no tunnel if there is none", () => {
    const phase: SandboxPhase = { kind: "running", id: "sb-1", startedAt: now, tunnels: [] };
    assert.ok(!sandboxActions(phase).includes("openTunnel"));
  });

  it("offer to terminate only what the server knows and what is not already ending", () => {
    assert.deepEqual(sandboxActions({ kind: "creating", step: "queued" }), []);
    assert.deepEqual(sandboxActions({ kind: "creating", step: "queued", id: "sb-1" }), [
      "copySandboxId",
      "terminateSandbox",
    ]);
    assert.deepEqual(sandboxActions({ kind: "stopping", id: "sb-1" }), ["copySandboxId"]);
    assert.deepEqual(sandboxActions({ kind: "ended", reason: "idle", endedAt: now }), []);
  });

  it("offer to open and copy a tunnel, to show or stop a run, and to repeat it", () => {
    assert.deepEqual(actions(tunnelRow(publicTunnel).contextValue), [
      "openTunnel",
      "openTunnelInSimpleBrowser",
      "copyTunnelUrl",
    ]);
    const output = ["compareRuns", "copyRunOutput", "saveRunOutput"];
    assert.deepEqual(actions(runRow(run({ kind: "running", startedAt: now, dollarsPerHour: 1 }), cloud).contextValue), [
      ...["stopRun", "showRun", "detachRun"],
      ...output,
    ]);
    assert.deepEqual(actions(runRow(run(ended(0)), cloud).contextValue), ["runAgain", "showRun", ...output]);
    assert.deepEqual(actions(problemRow("No network.").contextValue), ["refreshSandboxes"]);
  });
});
