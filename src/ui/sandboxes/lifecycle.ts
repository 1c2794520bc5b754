import { UserError } from "../../base/errors";
import type { Clock } from "../../base/ports";
import { formatGpu } from "../../modal/gpus";
import type { RateSource } from "../../modal/rates";
import type { CreateStep } from "../../modal/sandboxes";
import type { Activity } from "../../sandboxes/metrics/activity";
import { describeSandbox, describeStep } from "../../sandboxes/describe";
import type { RunningSandbox, Sandbox } from "../../sandboxes/sandbox";
import type { SandboxService } from "../../sandboxes/sandboxService";
import type { SandboxStore } from "../../sandboxes/sandboxStore";
import type { CreateFromOptions, SnapshotService } from "../../sandboxes/snapshots/snapshotService";
import { askInDialog, pickOne } from "../outsideText";
import { pickGpu } from "../pickers/gpuPicker";
import { withProgress } from "../progress";
import type { SandboxNode } from "../views/nodes";
import type { SandboxPicker } from "./pickSandbox";
import type { CommandTable } from "../commands/register";

export interface LifecycleDependencies {
  readonly sandboxes: SandboxService;
  readonly snapshots: SnapshotService;
  readonly store: SandboxStore;
  readonly picker: SandboxPicker;
  readonly activity: Pick<Activity, "isBusy">;
  readonly clock: Clock;
  readonly rates: RateSource;
}

/** The commands that pause, resume, branch and continue sandboxes, and adopt those that no window holds. */
export function lifecycleCommands({
  sandboxes,
  snapshots,
  store,
  picker,
  activity,
  clock,
  rates,
}: LifecycleDependencies): CommandTable {
  const pickPaused = async (node: SandboxNode | undefined): Promise<Sandbox | undefined> => {
    const paused = store.all.filter(({ phase }) => phase.kind === "paused");
    const clicked = paused.find(({ key }) => key === node?.key);
    if (clicked) return clicked;
    const [first] = paused;
    if (!first) throw new UserError("No sandbox is paused, so there is nothing to resume.");
    if (paused.length === 1) return first;
    const items = paused.map((sandbox) => {
      const { label, state } = describeSandbox(sandbox, clock.now());
      return { label, description: state, detail: sandbox.name, sandbox };
    });
    return (await pickOne(items, { placeHolder: "Resume which sandbox?" }))?.sandbox;
  };

  const mayPause = async (sandbox: RunningSandbox): Promise<boolean> => {
    if (!activity.isBusy(sandbox.phase.id)) return true;
    const question = `Pause the ${describeSandbox(sandbox, clock.now()).label} sandbox?`;
    const detail = "Its programs and shells are stopped. Its files are kept.";
    return (await askInDialog(question, detail, PAUSE)) === PAUSE;
  };

  const resume = async (paused: Sandbox, options: CreateFromOptions): Promise<void> => {
    const gpu = options.gpu ? options.gpu.request : paused.gpu;
    await withProgress(`Resuming on ${formatGpu(gpu)}`, (report, signal) =>
      snapshots.resume(paused.key, { ...options, onDidEnterStep: reportStep(report, { ...paused, gpu }) }, signal),
    );
  };

  return {
    "modalSandboxes.pauseSandbox": async (node?: SandboxNode) => {
      const sandbox = await picker.pick("Pause which sandbox?", node);
      if (!sandbox || !(await mayPause(sandbox))) return;
      await withProgress(`Pausing the ${describeSandbox(sandbox, clock.now()).label} sandbox`, (report, signal) => {
        report("Taking a snapshot of its files");
        return snapshots.pause(sandbox, signal);
      });
    },

    "modalSandboxes.resumeSandbox": async (node?: SandboxNode) => {
      const paused = await pickPaused(node);
      if (paused) await resume(paused, {});
    },

    "modalSandboxes.resumeOnAnotherGpu": async (node?: SandboxNode) => {
      const paused = await pickPaused(node);
      const choice = paused && (await pickGpu("Resume On", paused, rates));
      if (paused && choice) await resume(paused, { gpu: { request: choice.gpu } });
    },

    "modalSandboxes.branchSandbox": async (node?: SandboxNode) => {
      const sandbox = await picker.pick("Branch which sandbox?", node);
      const choice = sandbox && (await pickGpu("Branch Onto", sandbox, rates));
      if (!sandbox || !choice) return;
      const { gpu } = choice;
      await withProgress(`Branching onto ${formatGpu(gpu)}`, (report, signal) => {
        report("Taking a snapshot of its files");
        const onDidEnterStep = reportStep(report, { ...sandbox, gpu });
        return snapshots.branch(sandbox, { gpu: { request: gpu }, onDidEnterStep }, signal);
      });
    },

    "modalSandboxes.continueSandbox": async (node?: SandboxNode) => {
      const sandbox = await picker.pick("Continue which sandbox in another one?", node);
      if (!sandbox) return;
      await withProgress("Continuing in another sandbox", async (report, signal) => {
        report("Taking a snapshot of its files");
        const isBusy = () => activity.isBusy(sandbox.phase.id);
        await snapshots.continueIn(sandbox, { isBusy, onDidEnterStep: reportStep(report, sandbox) }, signal);
      });
    },

    "modalSandboxes.snapshotSandbox": async (node?: SandboxNode) => {
      const sandbox = await picker.pick("Take a snapshot of which sandbox?", node);
      if (sandbox)
        await withProgress("Taking a snapshot", (_report, signal) => snapshots.take(sandbox, "manual", signal));
    },

    "modalSandboxes.adoptSandbox": async (node?: SandboxNode, nodes?: readonly SandboxNode[]) => {
      const orphans = store.all.filter(({ holder }) => holder === "nobody");
      const clicked = new Set((nodes ?? (node ? [node] : [])).map(({ key }) => key));
      const chosen = clicked.size > 0 ? orphans.filter(({ key }) => clicked.has(key)) : orphans;
      const adopted = await Promise.all(chosen.map(({ key }) => sandboxes.adopt(key)));
      if (adopted.includes(undefined))
        throw new UserError("The sandbox has ended, or another window has adopted it. Refresh the list.", {
          actions: [{ title: "Refresh Sandboxes", command: "modalSandboxes.refreshSandboxes" }],
        });
    },
  };
}

const PAUSE = "Pause";

const reportStep =
  (report: (step: string) => void, { gpu, image }: Pick<Sandbox, "gpu" | "image">) =>
  (step: CreateStep): void =>
    report(describeStep(step, { gpu, image: { label: image ?? "it was made of" } }));
