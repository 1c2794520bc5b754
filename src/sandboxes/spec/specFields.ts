import { gpuArgument } from "../../modal/gpus";
import { DEFAULT_BASE_IMAGE, type ImageSource, type SpecDefinition } from "./specDefinition";
import {
  OBJECT_NAME,
  readEnv,
  readGpu,
  readImage,
  readList,
  readNetwork,
  readNumber,
  readText,
  readVolumes,
  readWhole,
  type Read,
} from "./specReaders";

/** Describes how one property of a definition is written in the settings. */
export interface SpecField<T> {
  readonly key: string;
  /** Describes valid values. Follows "must be" in error messages. */
  readonly expects: string;
  readonly read: Read<T>;
  readonly write: (value: T) => unknown;
}

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1440;

const asItIs = (value: unknown): unknown => value;

/** Modal counts in seconds, users in minutes. */
const minutes = (key: string): SpecField<number> => ({
  key,
  expects: `a whole number of minutes from 1 to ${DAY_MINUTES}`,
  read: (value) => {
    const reading = readWhole(1, DAY_MINUTES)(value);
    return reading && { value: reading.value * MINUTE_MS };
  },
  write: (ms) => ms / MINUTE_MS,
});

/** The value for no GPU. */
const CPU = "CPU";

export const specFields: { readonly [K in keyof SpecDefinition]: SpecField<SpecDefinition[K]> } = {
  gpu: {
    key: "gpu",
    expects: `a GPU type such as "T4", a type and a count such as "H100:2", or "${CPU}"`,
    read: (value) => (value === CPU ? { value: undefined } : readGpu(value)),
    write: (gpu) => (gpu ? gpuArgument(gpu) : CPU),
  },
  gpuFallback: {
    key: "gpuFallback",
    expects: 'a list of GPU types such as ["A100-80GB", "L40S:2"]',
    read: readList(readGpu),
    write: (gpus) => gpus.map(gpuArgument),
  },
  image: {
    key: "image",
    expects:
      'a registry reference such as "python:3.12-slim", a file in the folder such as "./requirements.txt", "./pyproject.toml" or "./Dockerfile", or an object such as { "requirements": "requirements.txt", "base": "pytorch/pytorch" }',
    read: readImage,
    write: (image) => (image.kind === "registry" ? image.reference : writeFileImage(image)),
  },
  packages: {
    key: "packages",
    expects: 'a list of Python packages such as ["numpy", "torch==2.9.0"]',
    read: readList(readText(/^[A-Za-z0-9][^\s'"\\;|&$`]*( ?@ ?[^\s'"\\;|&$`]+)?$/)),
    write: asItIs,
  },
  aptPackages: {
    key: "aptPackages",
    expects: 'a list of Debian packages such as ["git", "ffmpeg"]',
    read: readList(readText(/^[a-z0-9][a-z0-9+.:=~-]*$/)),
    write: asItIs,
  },
  cpu: { key: "cpu", expects: "a number of cores from 0.125 to 64", read: readNumber(0.125, 64), write: asItIs },
  memoryMiB: {
    key: "memoryMiB",
    expects: "a whole number of MiB from 128 to 344064",
    read: readWhole(128, 344_064),
    write: asItIs,
  },
  timeoutMs: minutes("timeoutMinutes"),
  idleTimeoutMs: minutes("idleTimeoutMinutes"),
  ports: {
    key: "ports",
    expects: "a list of different ports from 1 to 65535",
    read: readList(readWhole(1, 65_535)),
    write: asItIs,
  },
  volumes: {
    key: "volumes",
    expects:
      'an object that maps absolute paths to volume names, such as { "/data": "my-volume" } or { "/data": { "volume": "my-volume", "readOnly": true } }',
    read: readVolumes,
    write: (mounts) =>
      Object.fromEntries(
        mounts.map(({ path, volume, isReadOnly }) => [path, isReadOnly ? { volume, readOnly: true } : volume]),
      ),
  },
  secrets: {
    key: "secrets",
    expects: 'a list of secret names such as ["hugging-face"]',
    read: readList(readText(OBJECT_NAME)),
    write: asItIs,
  },
  env: {
    key: "env",
    expects: 'an object that maps variable names to strings, such as { "LOG_LEVEL": "debug" }',
    read: readEnv,
    write: asItIs,
  },
  regions: {
    key: "regions",
    expects: 'a list of regions such as ["us", "eu-west"]',
    read: readList(readText(/^[a-z][a-z0-9-]*$/)),
    write: asItIs,
  },
  network: {
    key: "network",
    expects:
      '"open", "blocked", or an object with "cidrs" such as ["10.0.0.0/8"], "domains" such as ["*.example.com"], or both',
    read: readNetwork,
    write: (network) =>
      network.kind === "allowlist" ? { cidrs: network.cidrs, domains: network.domains } : network.kind,
  },
};

/** Uses the shortest form that is read back as the same image. */
const writeFileImage = (image: Exclude<ImageSource, { kind: "registry" }>): unknown => {
  const short = `./${image.path}`;
  if (JSON.stringify(readImage(short)?.value) === JSON.stringify(image)) return short;
  return image.kind === "dockerfile"
    ? { dockerfile: image.path }
    : { [image.kind]: image.path, ...(image.base !== DEFAULT_BASE_IMAGE && { base: image.base }) };
};
