import type { RateSource } from "../../modal/rates";
import type { OfferOther } from "../../run/createOrSwap";
import { offerOtherGpu } from "../offerOtherGpu";
import type { TaskSource } from "../taskProvider";
import { accountCommands, type AccountDependencies } from "./account";
import { checkCommands, type CheckDependencies } from "./checkConnection";
import { compareCommands, type CompareDependencies } from "./compare";
import { costCommands, type CostDependencies } from "./costs";
import { createCommands, type CreateDependencies } from "./create";
import { downloadCommands, type DownloadDependencies } from "./download";
import { imageCommands, type ImageDependencies } from "./images";
import { lifecycleCommands, type LifecycleDependencies } from "./lifecycle";
import { otherGpuCommands } from "./otherGpu";
import type { CommandTable } from "./register";
import { runCommands, type RunDependencies } from "./run";
import { runHistoryCommands, type RunHistoryDependencies } from "./runHistory";
import { offeredTasks, resolvedTask, type TaskDependencies } from "./runTasks";
import { secretCommands } from "./secrets";
import { snapshotCommands, type SnapshotDependencies } from "./snapshots";
import { specSources } from "./specSources";
import { sweepCommands, type SweepDependencies } from "./sweep";
import { syncExplainCommands } from "./syncExplain";
import { syncPreviewCommands, type SyncPreviewDependencies } from "./syncPreview";
import { volumeCommands } from "./volumes";

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
