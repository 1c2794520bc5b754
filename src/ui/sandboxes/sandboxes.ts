import { env, ThemeIcon } from "vscode";
import { UserError } from "../../base/errors";
import { describeSandbox } from "../../sandboxes/describe";
import { clearEnded } from "../../sandboxes/refresh";
import { isOrphan, isRunning, sandboxIdOf } from "../../sandboxes/sandbox";
import type { SandboxStore } from "../../sandboxes/sandboxStore";
import type { Clock } from "../../base/ports";
import { askForText, pickOne } from "../outsideText";
import { withProgress } from "../progress";
import type { SandboxNode, TreeNode } from "../views/nodes";
import type { SandboxPicker } from "./pickSandbox";
import type { CommandTable } from "../commands/register";
import { terminateSandboxes, type TerminateDependencies } from "./terminate";

export interface SandboxDependencies extends TerminateDependencies {
  readonly store: SandboxStore;
  readonly picker: SandboxPicker;
  /** `refresh` updates the store, and rejects if it cannot. */
  readonly view: { refresh(): Promise<void> };
}

export function sandboxCommands(dependencies: SandboxDependencies): CommandTable {
  const { sandboxes, store, picker, clock, view } = dependencies;

  return {
    "modalSandboxes.refreshSandboxes": async () => {
      clearEnded(store);
      await view.refresh();
    },

    "modalSandboxes.attachSandbox": async () => {
      await view.refresh();
      const id = await askSandboxId(store, clock);
      if (id === undefined) return;
      await withProgress("Attaching", (_report, signal) => sandboxes.attach(id, signal));
    },

    "modalSandboxes.copySandboxId": async (node?: SandboxNode) => {
      const sandbox = (node && store.get(node.key)) ?? (await picker.pick("Copy the ID of which sandbox?"));
      const id = sandbox && sandboxIdOf(sandbox);
      if (id !== undefined) await env.clipboard.writeText(id);
    },

    "modalSandboxes.terminateSandbox": async (node?: SandboxNode, nodes?: readonly TreeNode[]) => {
      const selected: readonly TreeNode[] = nodes ?? (node ? [node] : []);
      const clicked = selected.flatMap((one) => (one.kind === "sandbox" ? (store.get(one.key) ?? []) : []));
      const picked = clicked.length > 0 ? clicked : [await picker.pick("Terminate which sandbox?")];
      await terminateSandboxes(
        picked.filter((sandbox) => sandbox !== undefined),
        dependencies,
      );
    },

    "modalSandboxes.terminateOrphans": async () => {
      const orphans = store.all.filter(isOrphan);
      if (orphans.length === 0) throw new UserError("No sandbox from a closed window is running.");
      await terminateSandboxes(orphans, dependencies, "always");
    },

    "modalSandboxes.terminateAllSandboxes": async () => {
      await view.refresh();
      const all = store.all.filter((sandbox) => sandboxIdOf(sandbox) !== undefined);
      if (all.length === 0) throw new UserError("No sandbox is running, so there is nothing to terminate.");
      await terminateSandboxes(all, dependencies, "always");
    },
  };
}

async function askSandboxId(store: SandboxStore, clock: Clock): Promise<string | undefined> {
  const items = store.all.filter(isRunning).map((sandbox) => {
    const { label, state } = describeSandbox(sandbox, clock.now());
    return { label, description: state, detail: sandbox.name, id: sandbox.phase.id };
  });
  const picked = await pickOne(
    [...items, { iconPath: new ThemeIcon("edit"), label: "Enter an ID or a name…", id: "" }],
    {
      placeHolder: "Attach to which sandbox?",
      matchOnDetail: true,
    },
  );
  if (picked?.id !== "") return picked?.id;
  const typed = await askForText({
    title: "Attach to Sandbox",
    prompt: "The sandbox's ID as shown on modal.com, or its name",
    placeHolder: "sb-…",
    validateInput: (value) => (/^[\w.-]+$/.test(value.trim()) ? undefined : "Enter an ID such as sb-…, or a name"),
  });
  return typed?.trim();
}
