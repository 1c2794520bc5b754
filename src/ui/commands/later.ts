import type { RateSource } from "../../modal/rates";
import type { OfferOther } from "../../run/createOrSwap";
import { offerOtherGpu } from "../runs/offerOtherGpu";
import type { TaskSource } from "../runs/taskProvider";
import { accountCommands, type AccountDependencies } from "../account/account";
import { checkCommands, type CheckDependencies } from "../account/checkConnection";
import { compareCommands, type CompareDependencies } from "../comparison/compare";
import { costCommands, type CostDependencies } from "../costs/costs";
import { createCommands, type CreateDependencies } from "../sandboxes/create";
import { downloadCommands, type DownloadDependencies } from "../sync/download";
import { imageCommands, type ImageDependencies } from "../sandboxes/images";
import { lifecycleCommands, type LifecycleDependencies } from "../sandboxes/lifecycle";
import { otherGpuCommands } from "../runs/otherGpu";
import type { CommandTable } from "./register";
import { runCommands, type RunDependencies } from "../runs/run";
import { runHistoryCommands, type RunHistoryDependencies } from "../runs/runHistory";
import { offeredTasks, resolvedTask, type TaskDependencies } from "../runs/runTasks";
import { secretCommands } from "../storage/secrets";
import { snapshotCommands, type SnapshotDependencies } from "../sandboxes/snapshots";
import { specSources } from "../sandboxes/specSources";
import { sweepCommands, type SweepDependencies } from "../runs/sweep";
import { syncExplainCommands } from "../sync/syncExplain";
import { syncPreviewCommands, type SyncPreviewDependencies } from "../sync/syncPreview";
import { volumeCommands } from "../storage/volumes";

export interface LaterDependencies {
  readonly account: AccountDependencies;
  readonly check: CheckDependencies;
  readonly compare: CompareDependencies;
  readonly costs: CostDependencies;
  readonly create: Omit<CreateDependencies, "sources">;
  readonly download: DownloadDependencies;
  readonly images: ImageDependencies;
  readonly lifecycle: LifecycleDependencies;
  readonly run: RunDependencies;
  readonly runHistory: RunHistoryDependencies;
  readonly secrets: Parameters<typeof secretCommands>[0];
  readonly snapshots: SnapshotDependencies;
  readonly sweep: SweepDependencies;
  readonly syncPreview: SyncPreviewDependencies;
  readonly volumes: Parameters<typeof volumeCommands>[0];
}

/** The commands that activation does without: a chunk of the build, loaded when one of them is first used. */
export const laterCommands = (dependencies: LaterDependencies): CommandTable => ({
  ...accountCommands(dependencies.account),
  ...checkCommands(dependencies.check),
  ...compareCommands(dependencies.compare),
  ...costCommands(dependencies.costs),
  ...createCommands({ ...dependencies.create, sources: specSources(dependencies.volumes, dependencies.secrets) }),
  ...downloadCommands(dependencies.download),
  ...imageCommands(dependencies.images),
  ...lifecycleCommands(dependencies.lifecycle),
  ...otherGpuCommands(dependencies.create.sandboxes, dependencies.create.rates),
  ...runCommands(dependencies.run),
  ...runHistoryCommands(dependencies.runHistory),
  ...secretCommands(dependencies.secrets),
  ...snapshotCommands(dependencies.snapshots),
  ...sweepCommands(dependencies.sweep),
  ...syncExplainCommands(dependencies.syncPreview.thread),
  ...syncPreviewCommands(dependencies.syncPreview),
  ...volumeCommands(dependencies.volumes),
});

/** The tasks, which activation does without too. */
export const laterTasks = (dependencies: TaskDependencies): TaskSource => ({
  offered: () => offeredTasks(dependencies),
  resolved: (task) => resolvedTask(task, dependencies),
});

/** Asks only where a GPU is not to be had. */
export const laterOffer =
  (rates: RateSource): OfferOther =>
  (spec) =>
    offerOtherGpu(spec, rates);
