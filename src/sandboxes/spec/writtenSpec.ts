import { UserError } from "../../base/errors";
import type { SpecDefinition } from "./specDefinition";
import { specFields } from "./specFields";

/** How a definition looks in the settings. */
export type WrittenSpec = Readonly<Record<string, unknown>>;

/** Reads all of a definition at once; `place` is where it was written, for whoever has to mend it there. */
export function readDefinition(written: WrittenSpec, place: string, defaults?: SpecDefinition): SpecDefinition {
  const keys = new Set<string>(Object.values(specFields).map(({ key }) => key));
  const unknown = Object.keys(written).find((key) => !keys.has(key));
  if (unknown !== undefined) throw wrongSpec(`${place} has "${unknown}", which is no property of a sandbox.`, "specs");

  const read = <K extends keyof SpecDefinition>(name: K): SpecDefinition[K] => {
    const { key, expects, read: readValue } = specFields[name];
    if (defaults && !(key in written)) return defaults[name];
    const reading = readValue(written[key]);
    if (!reading) throw wrongSpec(`${place}: "${key}" must be ${expects}.`, defaults ? "specs" : key);
    return reading.value;
  };
  return {
    gpu: read("gpu"),
    gpuFallback: read("gpuFallback"),
    image: read("image"),
    packages: read("packages"),
    aptPackages: read("aptPackages"),
    cpu: read("cpu"),
    memoryMiB: read("memoryMiB"),
    timeoutMs: read("timeoutMs"),
    idleTimeoutMs: read("idleTimeoutMs"),
    ports: read("ports"),
    volumes: read("volumes"),
    secrets: read("secrets"),
    env: read("env"),
    regions: read("regions"),
    network: read("network"),
  };
}

/** What has to be written down for a definition to come out the same upon `defaults`: its GPU, and what is different. */
export function writeDefinition(definition: SpecDefinition, defaults: SpecDefinition): WrittenSpec {
  const names = Object.keys(specFields) as (keyof SpecDefinition)[];
  const entries = names.flatMap((name) => {
    const written = writeField(name, definition[name]);
    const isDifferent = JSON.stringify(written) !== JSON.stringify(writeField(name, defaults[name]));
    return isDifferent || name === "gpu" ? [[specFields[name].key, written] as const] : [];
  });
  return Object.fromEntries(entries);
}

/** One property as it is in the settings. */
export const writeField = <K extends keyof SpecDefinition>(name: K, value: SpecDefinition[K]): unknown =>
  specFields[name].write(value);

const wrongSpec = (message: string, setting: string): UserError =>
  new UserError(message, {
    actions: [
      { title: "Open Settings", command: "workbench.action.openSettings", arguments: [`modalSandboxes.${setting}`] },
    ],
  });
