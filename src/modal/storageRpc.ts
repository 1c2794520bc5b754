import type { ModalClient } from "modal";
import { translated } from "./errors";

/** A volume or a secret as the server lists it. */
export interface StoredObject {
  readonly id: string;
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** The creator's name. Empty if the server does not report it. */
  readonly createdBy: string;
}

export interface StoredSecret extends StoredObject {
  /** The time of its last use, in milliseconds since the epoch. */
  readonly lastUsedAt: number | undefined;
}

export interface ListQuery {
  readonly environment: string;
  /** Milliseconds since the epoch. Lists are requested from the newest entry down, a page at a time. */
  readonly now: number;
}

const PAGE = 100;

/** `OBJECT_CREATION_TYPE_CREATE_FAIL_IF_EXISTS` of the protocol. */
const CREATE_OR_FAIL = 2;

/** Lists named volumes, newest first. The SDK has no such call. */
export const listVolumes = (client: ModalClient, query: ListQuery, signal: AbortSignal): Promise<StoredObject[]> =>
  allPages(query, async (request) => {
    const { items } = await translated(client.cpClient.volumeList(request, { signal }));
    return items.map(({ volumeId, label, createdAt, metadata }) => ({
      id: volumeId,
      name: nameOf(metadata, label),
      createdAt: (metadata?.creationInfo?.createdAt ?? createdAt) * 1000,
      createdBy: metadata?.creationInfo?.createdBy ?? "",
    }));
  });

/** Lists named secrets without their values, newest first. The SDK has no such call. */
export const listSecrets = (client: ModalClient, query: ListQuery, signal: AbortSignal): Promise<StoredSecret[]> =>
  allPages(query, async (request) => {
    const { items } = await translated(client.cpClient.secretList(request, { signal }));
    return items.map(({ secretId, label, createdAt, lastUsedAt, metadata }) => ({
      id: secretId,
      name: nameOf(metadata, label),
      createdAt: (metadata?.creationInfo?.createdAt ?? createdAt) * 1000,
      createdBy: metadata?.creationInfo?.createdBy ?? "",
      lastUsedAt: lastUsedAt ? lastUsedAt * 1000 : undefined,
    }));
  });

/** Creates a named secret, which the SDK cannot do. Rejects if the name is taken. */
export async function createSecret(
  client: ModalClient,
  secret: { readonly name: string; readonly environment: string; readonly values: Readonly<Record<string, string>> },
  signal: AbortSignal,
): Promise<void> {
  const { name: deploymentName, environment: environmentName, values } = secret;
  const request = { deploymentName, environmentName, envDict: { ...values }, objectCreationType: CREATE_OR_FAIL };
  // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- the SDK does not export the enum
  await translated(client.cpClient.secretGetOrCreate(request, { signal }));
}

/** Older servers send only the label. */
const nameOf = (metadata: { readonly name: string } | undefined, label: string): string =>
  metadata === undefined || metadata.name === "" ? label : metadata.name;

interface PageRequest {
  readonly environmentName: string;
  readonly pagination: { readonly maxObjects: number; readonly createdBefore: number };
}

/** Each page starts below the oldest entry of the one before. A short page is the last. */
async function allPages<T extends StoredObject>(
  { environment, now }: ListQuery,
  fetchPage: (request: PageRequest) => Promise<T[]>,
): Promise<T[]> {
  const found = new Map<string, T>();
  let before = now + 1000;
  for (;;) {
    const page = await fetchPage({
      environmentName: environment,
      pagination: { maxObjects: PAGE, createdBefore: before / 1000 },
    });
    for (const item of page) found.set(item.id, item);
    const oldest = Math.min(...page.map(({ createdAt }) => createdAt));
    if (page.length < PAGE || oldest >= before) return [...found.values()];
    before = oldest;
  }
}
