import { registryImage } from "../../../src/modal/spec";
import { makingOf } from "../../../src/sandboxes/spec/savedSpec";
import type { Snapshot } from "../../../src/sandboxes/snapshots/snapshots";
import { sandbox } from "./sandboxes";

const DAY = 24 * 3_600_000;
const spec = { ...makingOf(sandbox()).spec, gpu: { type: "T4", count: 1 }, image: registryImage("debian") };

/** A snapshot of a T4 sandbox with the given properties and plain others. */
export const snapshot = (properties: Partial<Snapshot> = {}): Snapshot => ({
  spec,
  folder: "/home/me/project",
  imageId: "im-1",
  kind: "manual",
  sandboxName: "vscode-1",
  scope: "account",
  createdAt: 0,
  expiresAt: 30 * DAY,
  ...properties,
});
