import { createHash } from "node:crypto";
import type { NetworkAccess, SandboxSpec } from "../../modal/spec";
import type { Origin } from "../sandbox";

/** Modal allows at most 63 characters of `[A-Za-z0-9._-]` in a tag. */
const SPEC_TAG = "modal-sandboxes-spec";
const FOLDER_TAG = "modal-sandboxes-folder";

/** `folder` is any string that stays the same each time the folder is opened, such as its URI. */
export const originOf = (spec: SandboxSpec, folder: string): Origin => ({
  specId: digest(JSON.stringify(canonical(spec))),
  folderId: folderIdOf(folder),
});

export const folderIdOf = (folder: string): string => digest(folder);

export const originTags = ({ specId, folderId }: Origin): Record<string, string> => ({
  [SPEC_TAG]: specId,
  [FOLDER_TAG]: folderId,
});

export function originFromTags(tags: ReadonlyMap<string, string>): Origin | undefined {
  const specId = tags.get(SPEC_TAG);
  const folderId = tags.get(FOLDER_TAG);
  return specId === undefined || folderId === undefined ? undefined : { specId, folderId };
}

/** The properties that distinguish one sandbox from another, in canonical order. GPU fallbacks are not among them. */
const canonical = (spec: SandboxSpec): unknown[] => [
  [spec.gpu?.type, spec.gpu?.count],
  spec.image.layers.map(({ commands }) => commands),
  [spec.cpu, spec.memoryMiB, spec.timeoutMs, spec.idleTimeoutMs],
  [...spec.ports].sort((a, b) => a - b),
  spec.volumes.map(({ path, volume, isReadOnly }) => JSON.stringify([path, volume, isReadOnly])).sort(),
  spec.secrets,
  Object.entries(spec.env)
    .map((entry) => JSON.stringify(entry))
    .sort(),
  [...spec.regions].sort(),
  canonicalNetwork(spec.network),
];

const canonicalNetwork = (network: NetworkAccess): unknown[] =>
  network.kind === "allowlist" ? [[...network.cidrs].sort(), [...network.domains].sort()] : [network.kind];

const digest = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 20);
