import { basename } from "node:path";
import { formatDuration, formatUptime } from "../../../base/format";
import type { Clock } from "../../../base/ports";
import { formatGpu } from "../../../modal/gpus";
import { describeSnapshot } from "../../../sandboxes/snapshots/describeSnapshot";
import type { Snapshot, Snapshots } from "../../../sandboxes/snapshots/snapshots";
import { joined, type Detail, type Row } from "../rows/row";
import type { Section } from "./section";

export const snapshotSection = (kept: Snapshots, scope: () => string, clock: Clock): Section<Snapshot> => ({
  view: "modalSandboxes.snapshots",
  listedKey: "modalSandboxes.snapshotsListed",
  load: () => kept.all(scope()),
  onDidChange: kept.onDidChangeSnapshots,
  idOf: ({ imageId }) => imageId,
  rowOf: (snapshot) => snapshotRow(snapshot, clock.now()),
  detailsOf: (snapshot) => snapshotDetails(snapshot, clock.now()),
});

export function snapshotRow(snapshot: Snapshot, now: number): Row {
  const label = describeSnapshot(snapshot);
  const age = `${formatUptime(now - snapshot.createdAt)} ago`;
  const description = joined(age, snapshot.folder && basename(snapshot.folder), expiry(snapshot, now));
  return {
    label,
    description,
    icon: { id: snapshot.isPaused ? "debug-pause" : "device-camera" },
    contextValue: `snapshot ${snapshot.kind}${snapshot.isPaused ? " paused" : ""}`,
    spoken: `${label}, ${description.replaceAll(" · ", ", ")}`,
  };
}

export function snapshotDetails(snapshot: Snapshot, now: number): Detail[] {
  const { imageId, sandboxName, spec, folder, createdAt } = snapshot;
  return [
    { name: "Image", value: imageId },
    { name: "Sandbox", value: sandboxName },
    { name: "Taken", value: new Date(createdAt).toISOString().slice(0, 16).replace("T", " ") },
    { name: "Expires", value: expiry(snapshot, now) ?? "unknown" },
    { name: "GPU", value: formatGpu(spec.gpu) },
    { name: "Based on", value: spec.image.label },
    ...(folder ? [{ name: "Folder", value: folder }] : []),
    { name: "Size", value: "unknown" },
  ];
}

const expiry = ({ expiresAt }: Snapshot, now: number): string | undefined =>
  expiresAt === undefined ? undefined : `expires in ${formatDuration(Math.max(0, expiresAt - now))}`;
