import { env, window } from "vscode";
import { UserError } from "../../base/errors";
import { plural } from "../../base/format";
import type { RunService } from "../../run/runService";
import { isOver } from "../../run/run";
import { describeSandbox } from "../../sandboxes/describe";
import { isRunning, sandboxIdOf, type Sandbox } from "../../sandboxes/sandbox";
import type { SandboxService } from "../../sandboxes/sandboxService";
import type { SandboxStore } from "../../sandboxes/sandboxStore";
import type { Clock } from "../../base/ports";
import { withProgress } from "../progress";
import type { SandboxNode } from "../views/nodes";
import type { SandboxPicker } from "./pickSandbox";
import type { CommandTable } from "./register";

export interface SandboxDependencies {
  readonly sandboxes: SandboxService;
  readonly store: SandboxStore;
  readonly runs: RunService;
  readonly picker: SandboxPicker;
  readonly clock: Clock;
  /** Brings the store up to date, and rejects if it cannot. */
  readonly refresh: () => Promise<void>;
  readonly clearEnded: () => void;
}

export function sandboxCommands(dependencies: SandboxDependencies): CommandTable {
  const { sandboxes, store, picker, clock, refresh, clearEnded } = dependencies;

  return {
    "modalSandboxes.refreshSandboxes": async () => {
      clearEnded();
      await refresh();
    },

    "modalSandboxes.attachSandbox": async () => {
      await refresh();
      const id = await askSandboxId(store, clock);
      if (id === undefined) return;
      await withProgress("Attaching", (_report, signal) => sandboxes.attach(id, signal));
    },

    "modalSandboxes.copySandboxId": async (node?: SandboxNode) => {
      const sandbox = (node && store.get(node.key)) ?? (await picker.pick("Copy the id of which sandbox?"));
      const id = sandbox && sandboxIdOf(sandbox);
      if (id !== undefined) await env.clipboard.writeText(id);
    },

    "modalSandboxes.terminateSandbox": async (node?: SandboxNode, nodes?: readonly SandboxNode[]) => {
      const clicked = (nodes ?? (node ? [node] : [])).flatMap(({ key }) => store.get(key) ?? []);
      const picked = clicked.length > 0 ? clicked : [await picker.pick("Terminate which sandbox?")];
      await terminate(
        picked.filter((sandbox) => sandbox !== undefined),
        dependencies,
      );
    },

    "modalSandboxes.terminateAllSandboxes": async () => {
      await refresh();
      const all = store.all.filter((sandbox) => sandboxIdOf(sandbox) !== undefined);
      if (all.length === 0) throw new UserError("No sandbox is running, so there is nothing to terminate.");
      await terminate(all, dependencies, "always");
    },
  };
}

/** Asks first where a program would be cut off; terminating all is always asked. */
async function terminate(
  chosen: readonly Sandbox[],
  { sandboxes, runs, clock }: SandboxDependencies,
  ask: "always" | "ifBusy" = "ifBusy",
): Promise<void> {
  const keys = new Set(chosen.map(({ key }) => key));
  const active = runs.runs.filter(({ sandboxKey, state }) => sandboxKey && keys.has(sandboxKey) && !isOver(state));
  const [only] = chosen;
  if (!only) return;
  if (ask === "always" || active.length > 0) {
    const what =
      chosen.length === 1
        ? `the ${describeSandbox(only, clock.now()).label} sandbox`
        : plural(chosen.length, "sandbox", "sandboxes");
    const detail = [
      active.length > 0 ? `Still running: ${active.map(({ target }) => target.label).join(", ")}.` : "",
      "Files that exist only in there are lost.",
    ];
    const answer = await window.showWarningMessage(
      `Terminate ${what}?`,
      { modal: true, detail: detail.filter(Boolean).join(" ") },
      "Terminate",
    );
    if (answer !== "Terminate") return;
  }
  const outcomes = await Promise.allSettled(
    chosen.map(({ key }) => sandboxes.terminate(key, AbortSignal.timeout(TERMINATE_TIMEOUT_MS))),
  );
  const failure = outcomes.find((outcome) => outcome.status === "rejected");
  if (failure) throw failure.reason;
}

const TERMINATE_TIMEOUT_MS = 60_000;

const ENTER_ID = "$(edit) Enter an id…";

async function askSandboxId(store: SandboxStore, clock: Clock): Promise<string | undefined> {
  const items = store.all.filter(isRunning).map((sandbox) => {
    const { label, state } = describeSandbox(sandbox, clock.now());
    return { label, description: state, detail: sandbox.name, id: sandbox.phase.id };
  });
  const picked = await window.showQuickPick([...items, { label: ENTER_ID, id: "" }], {
    placeHolder: "Attach to which sandbox?",
    matchOnDetail: true,
  });
  if (picked?.id !== "") return picked?.id;
  const typed = await window.showInputBox({
    title: "Attach to Sandbox",
    prompt: "The sandbox's id, as modal.com shows it",
    placeHolder: "sb-…",
    validateInput: (value) => (/^sb-\w+$/.test(value.trim()) ? undefined : "It starts with sb-"),
  });
  return typed?.trim();
}
