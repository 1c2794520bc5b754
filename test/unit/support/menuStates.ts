import type { RunState } from "../../../src/run/run";
import { runnableFiles } from "../../../src/run/target/fileKind";
import { launchers } from "../../../src/run/target/launchers";
import { targetOf } from "../../../src/run/target/target";
import type { SandboxPhase } from "../../../src/sandboxes/sandbox";
import { runRow } from "../../../src/ui/views/rows/runRow";
import { sandboxRow } from "../../../src/ui/views/rows/sandboxRow";
import { tunnelRow } from "../../../src/ui/views/rows/tunnelRow";
import { snapshotRow } from "../../../src/ui/views/sections/snapshotSection";
import { rowContextAt } from "./rows";
import { sandbox } from "./sandboxes";
import { snapshot } from "./snapshots";
import type { Context } from "./whenClause";

const tunnel = { port: 8000, url: "https://abc.modal.host", isPublic: true };

const phases: readonly SandboxPhase[] = [
  { kind: "creating", step: "queued" },
  { kind: "creating", step: "queued", id: "sb-1" },
  { kind: "running", id: "sb-1", startedAt: 0, tunnels: [] },
  { kind: "running", id: "sb-1", startedAt: 0, tunnels: [tunnel] },
  { kind: "pausing", id: "sb-1" },
  { kind: "paused", imageId: "im-1", pausedAt: 0 },
  { kind: "stopping", id: "sb-1" },
  { kind: "ended", reason: "timeout", endedAt: 0 },
];

const runStates: readonly RunState[] = [
  { kind: "preparing", step: "Starting" },
  { kind: "running", startedAt: 0, dollarsPerHour: 1 },
  { kind: "ended", startedAt: 0, endedAt: 1, exitCode: 0, dollars: 0 },
  { kind: "failed", error: new Error("No network.") },
  { kind: "canceled" },
];

const context = rowContextAt(0);
const target = targetOf("train.py", launchers.python, { kind: "synced", path: "train.py" });
const sandboxRows = phases.map((phase) => sandboxRow(sandbox({ phase }), context).contextValue);

/** The flags of every kind of row in the views. */
export const rowFlags: readonly string[] = [
  ...sandboxRows,
  ...sandboxRows.map((flags) => `${flags} orphan`),
  ...runStates.map((state) => runRow({ target, state }, context).contextValue),
  ...[tunnel, { ...tunnel, isPublic: false }].map((one) => tunnelRow(one).contextValue),
  ...[snapshot(), snapshot({ kind: "exit" }), snapshot({ kind: "pause", isPaused: true })].map(
    (one) => snapshotRow(one, 0).contextValue,
  ),
  ...["pastRun", "volume", "secret", "problem", "meters", "meter", "mount", "gone", ""],
];

const flag = [false, true] as const;

/** The values that the keys of menus can have. Keys that are set before they are known count as false. */
const valuesOfKeys: Readonly<Record<string, readonly Context[string][]>> = {
  viewItem: rowFlags,
  listMultiSelection: flag,
  isWorkspaceTrusted: flag,
  explorerResourceIsFolder: flag,
  editorHasSelection: flag,
  isInDiffEditor: flag,
  notebookEditorFocused: flag,
  notebookType: ["jupyter-notebook", "interactive"],
  resourceScheme: ["file", "untitled"],
  resourceLangId: ["python", "shellscript", "markdown"],
  resourceExtname: [".py", ".sh", ".ipynb", ".md", ""],
  "modalSandboxes.session": ["signedOut", "signedIn", "local"],
  "modalSandboxes.runnableFiles": [runnableFiles],
};

/** Every state of these keys. `known` has the values of other keys; ours without a list here are flags. */
export function* statesOf(
  keys: readonly string[],
  known: Readonly<Record<string, readonly Context[string][]>>,
): Generator<Context> {
  const [key, ...others] = keys;
  if (key === undefined) {
    yield {};
    return;
  }
  const values = known[key] ?? valuesOfKeys[key] ?? (/^(config\.)?modalSandboxes\./.test(key) ? flag : undefined);
  if (!values) throw new Error(`The values of the context key ${key} are unknown: list them here.`);
  for (const rest of statesOf(others, known)) for (const value of values) yield { ...rest, [key]: value };
}
