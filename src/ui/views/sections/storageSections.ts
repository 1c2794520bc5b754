import { formatUptime } from "../../../base/format";
import type { Clock } from "../../../base/ports";
import type { SecretGateway } from "../../../modal/secrets";
import type { StoredObject, StoredSecret } from "../../../modal/storageRpc";
import type { VolumeGateway } from "../../../modal/volumes";
import type { Detail, Row } from "../rows/row";
import type { Section } from "./section";

export const volumeSection = (volumes: VolumeGateway, clock: Clock): Section<StoredObject> => ({
  view: "modalSandboxes.volumes",
  listedKey: "modalSandboxes.volumesListed",
  load: (signal) => volumes.list(signal),
  onDidChange: volumes.onDidChangeVolumes,
  idOf: ({ id }) => id,
  rowOf: (volume) => storageRow("volume", "database", volume, clock.now()),
  detailsOf: objectDetails,
});

export const secretSection = (secrets: SecretGateway, clock: Clock): Section<StoredSecret> => ({
  view: "modalSandboxes.secrets",
  listedKey: "modalSandboxes.secretsListed",
  load: (signal) => secrets.list(signal),
  onDidChange: secrets.onDidChangeSecrets,
  idOf: ({ id }) => id,
  rowOf: (secret) => storageRow("secret", "key", secret, clock.now()),
  detailsOf: (secret) => [
    ...objectDetails(secret),
    { name: "Last used", value: secret.lastUsedAt === undefined ? "unknown" : dateOf(secret.lastUsedAt) },
  ],
});

function storageRow(kind: string, icon: string, { name, createdAt }: StoredObject, now: number): Row {
  const description = `created ${formatUptime(now - createdAt)} ago`;
  return {
    label: name,
    description,
    icon: { id: icon },
    contextValue: kind,
    spoken: `${kind} ${name}, ${description}`,
  };
}

const objectDetails = ({ id, name, createdAt, createdBy }: StoredObject): Detail[] => [
  { name: "ID", value: id },
  { name: "Name", value: name },
  { name: "Created", value: dateOf(createdAt) },
  ...(createdBy ? [{ name: "Created by", value: createdBy }] : []),
];

const dateOf = (ms: number) => new Date(ms).toISOString().slice(0, 16).replace("T", " ");
