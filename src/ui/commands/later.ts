import type { RateSource } from "../../modal/rates";
import type { SandboxSpec } from "../../modal/spec";
import { offerOtherGpu } from "../runs/offerOtherGpu";
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
import { offeredTasks, resolvedTask, type TaskDependencies, type TaskSource } from "../runs/runTasks";
import { secretCommands } from "../storage/secrets";
import { snapshotCommands, type SnapshotDependencies } from "../sandboxes/snapshots";
import { specSources } from "../sandboxes/specSources";
import { sweepCommands, type SweepDependencies } from "../runs/sweep";
import { syncExplainCommands } from "../sync/syncExplain";
import { syncPreviewCommands, type SyncPreviewDependencies } from "../sync/syncPreview";
import { volumeCommands } from "../storage/volumes";

export type LaterDependencies = AccountDependencies &
  CheckDependencies &
  CompareDependencies &
  CostDependencies &
  DownloadDependencies &
  ImageDependencies &
  LifecycleDependencies &
  Omit<CreateDependencies, "sources"> &
  RunDependencies &
  RunHistoryDependencies &
  SnapshotDependencies &
  Omit<SweepDependencies, "offerOther"> &
  SyncPreviewDependencies & {
    readonly secrets: Parameters<typeof secretCommands>[0];
    readonly volumes: Parameters<typeof volumeCommands>[0];
  };

/**
 * The commands that activation does not need. They are a separate chunk of the build, loaded when one is first used.
 */
export const laterCommands = (dependencies: LaterDependencies): CommandTable => ({
  ...accountCommands(dependencies),
  ...checkCommands(dependencies),
  ...compareCommands(dependencies),
  ...costCommands(dependencies),
  ...createCommands({ ...dependencies, sources: specSources(dependencies.volumes, dependencies.secrets) }),
  ...downloadCommands(dependencies),
  ...imageCommands(dependencies),
  ...lifecycleCommands(dependencies),
  ...otherGpuCommands(dependencies.sandboxes, dependencies.rates),
  ...runCommands(dependencies),
  ...runHistoryCommands(dependencies),
  ...secretCommands(dependencies.secrets),
  ...snapshotCommands(dependencies),
  ...sweepCommands({ ...dependencies, offerOther: (spec) => offerOtherGpu(spec, dependencies.rates) }),
  ...syncExplainCommands(dependencies.thread),
  ...syncPreviewCommands(dependencies),
  ...volumeCommands(dependencies.volumes),
});

/** The tasks, which activation does not need either. */
export const laterTasks = (dependencies: TaskDependencies): TaskSource => ({
  offered: () => offeredTasks(dependencies),
  resolved: (task) => resolvedTask(task, dependencies),
});

/** Asks which GPU to use instead of one that is unavailable. */
export const laterOffer = (spec: SandboxSpec, rates: RateSource): Promise<SandboxSpec | undefined> =>
  offerOtherGpu(spec, rates);
