import { UserError } from "../../base/errors";
import { formatUptime, plural } from "../../base/format";
import type { Clock } from "../../base/ports";
import { formatGpu } from "../../modal/gpus";
import type { RateSource } from "../../modal/rates";
import { describeStep } from "../../sandboxes/describe";
import type { SandboxStore } from "../../sandboxes/sandboxStore";
import type { SnapshotService } from "../../sandboxes/snapshots/snapshotService";
import { describeSnapshot } from "../../sandboxes/snapshots/describeSnapshot";
import type { Snapshot, Snapshots } from "../../sandboxes/snapshots/snapshots";
import { askInDialog, pickOne } from "../outsideText";
import { pickGpu } from "../pickers/gpuPicker";
import { withProgress } from "../progress";
import type { SandboxNode } from "../views/nodes";
import type { CommandTable } from "../commands/register";

export interface SnapshotDependencies {
  readonly snapshots: SnapshotService;
  readonly kept: Snapshots;
  /** Names the current account, environment and app. */
  readonly scope: () => string;
  readonly clock: Clock;
  readonly rates: RateSource;
  readonly store: Pick<SandboxStore, "get">;
}

/** A row of either view that lists snapshots. */
type Clicked = Pick<Snapshot, "imageId">;

export function snapshotCommands({ snapshots, kept, scope, clock, rates, store }: SnapshotDependencies): CommandTable {
  const pick = async (placeHolder: string): Promise<Snapshot | undefined> => {
    const all = await kept.all(scope());
    if (all.length === 0) throw noSnapshots();
    const items = all.map((snapshot) => ({
      label: describeSnapshot(snapshot),
      description: `${formatUptime(clock.now() - snapshot.createdAt)} ago`,
      detail: snapshot.sandboxName,
      snapshot,
    }));
    return (await pickOne(items, { placeHolder, matchOnDetail: true }))?.snapshot;
  };

  const find = async ({ imageId }: Clicked): Promise<Snapshot> => {
    const snapshot = await kept.get(imageId);
    if (!snapshot) throw deletedElsewhere();
    return snapshot;
  };

  const createFrom = async (snapshot: Snapshot, title: string): Promise<void> => {
    const { spec } = snapshot;
    const choice = await pickGpu(title, spec, rates);
    if (!choice) return;
    const { gpu } = choice;
    await withProgress(`Creating a ${formatGpu(gpu)} sandbox`, (report, signal) => {
      const onDidEnterStep = (step: Parameters<typeof describeStep>[0]) =>
        report(describeStep(step, { gpu, image: spec.image }));
      return snapshots.createFrom(snapshot, { gpu: { request: gpu }, onDidEnterStep }, signal);
    });
  };

  return {
    "modalSandboxes.createFromSnapshot": async (clicked?: Clicked) => {
      const snapshot = clicked ? await find(clicked) : await pick("Create a sandbox from which snapshot?");
      if (snapshot) await createFrom(snapshot, "Create from Snapshot On");
    },

    "modalSandboxes.restoreSandbox": async (node?: SandboxNode) => {
      const name = node && store.get(node.key)?.name;
      const all = await kept.all(scope());
      const snapshot = all.find(({ kind, sandboxName }) => kind === "exit" && (!node || sandboxName === name));
      if (!snapshot) throw nothingKept();
      await createFrom(snapshot, "Restore On");
    },

    "modalSandboxes.deleteSnapshot": async (clicked?: Clicked, several?: readonly Partial<Clicked>[]) => {
      const selected = (several ?? []).filter((node): node is Clicked => node.imageId !== undefined);
      const picked = clicked
        ? await Promise.all((selected.length > 0 ? selected : [clicked]).map(find))
        : [await pick("Delete which snapshot?")];
      const chosen = picked.filter((snapshot) => snapshot !== undefined);
      if (chosen.length === 0) return;
      const paused = chosen.filter(({ isPaused }) => isPaused).length;
      const detail =
        paused > 0 ? `${plural(paused, "paused sandbox", "paused sandboxes")} can no longer be resumed.` : "";
      const question = `Delete ${plural(chosen.length, "snapshot")}?`;
      if ((await askInDialog(question, `${detail} The files in it are lost.`.trim(), "Delete")) !== "Delete") return;
      await withProgress("Deleting", (_report, signal) =>
        Promise.all(chosen.map((snapshot) => snapshots.delete(snapshot, signal))),
      );
    },
  };
}

const deletedElsewhere = () =>
  new UserError("This snapshot no longer exists: it expired, or another window deleted it. Refresh the list.", {
    actions: [{ title: "Refresh Sandboxes", command: "modalSandboxes.refreshSandboxes" }],
  });

const noSnapshots = () =>
  new UserError("There are no snapshots yet. Take one of a running sandbox, or pause a sandbox.", {
    actions: [{ title: "Take Snapshot", command: "modalSandboxes.snapshotSandbox" }],
  });

const nothingKept = () =>
  new UserError(
    'There is no snapshot of this sandbox, or Modal is still taking it. To keep the files of future sandboxes, turn on "modalSandboxes.snapshotOnExit" before you create them.',
    {
      actions: [
        {
          title: "Open Settings",
          command: "workbench.action.openSettings",
          arguments: ["modalSandboxes.snapshotOnExit"],
        },
      ],
    },
  );
