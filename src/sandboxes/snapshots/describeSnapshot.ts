import { formatGpu } from "../../modal/gpus";
import type { Snapshot, SnapshotKind } from "./snapshots";

/** Names a snapshot the same way in all views: `Paused T4`, `Snapshot of 2 × H100`. */
export const describeSnapshot = ({ kind, spec, isPaused }: Snapshot): string =>
  `${isPaused ? "Paused" : origins[kind]} ${formatGpu(spec.gpu)}`;

const origins: Record<SnapshotKind, string> = {
  manual: "Snapshot of",
  pause: "Resumed from",
  branch: "Branch of",
  exit: "Left by",
};
