import { createHash } from "node:crypto";
import type { SandboxSpec } from "../modal/spec";
import type { Origin } from "./sandbox";

/** Modal's tags: at most 63 of `[A-Za-z0-9._-]` each. */
const SPEC_TAG = "modal-sandboxes-spec";
const FOLDER_TAG = "modal-sandboxes-folder";

/** `folder` is any text that is the same each time the folder is opened, such as its URI. */
export const originOf = (spec: SandboxSpec, folder: string): Origin => ({
  specId: digest(JSON.stringify(canonical(spec))),
  folderId: digest(folder),
});

export const originTags = ({ specId, folderId }: Origin): Record<string, string> => ({
  [SPEC_TAG]: specId,
  [FOLDER_TAG]: folderId,
});

export function originFromTags(tags: ReadonlyMap<string, string>): Origin | undefined {
  const specId = tags.get(SPEC_TAG);
  const folderId = tags.get(FOLDER_TAG);
  return specId === undefined || folderId === undefined ? undefined : { specId, folderId };
}

function canonical({ gpu, image, cpu, memoryMiB, timeoutMs, idleTimeoutMs, ports }: SandboxSpec): unknown[] {
  return [gpu?.type, gpu?.count, image, cpu, memoryMiB, timeoutMs, idleTimeoutMs, [...ports].sort((a, b) => a - b)];
}

const digest = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 20);
