import { UserError } from "../../base/errors";
import type { SpecDefinition } from "./specDefinition";
import { specFields } from "./specFields";

/** A definition as it is written in the settings. */
export type WrittenSpec = Readonly<Record<string, unknown>>;

/**
 * Reads a whole definition. `place` is the setting it comes from, which error messages name so that the user can fix it
 * there.
 */
export function readDefinition(written: WrittenSpec, place: string, defaults?: SpecDefinition): SpecDefinition {
  const keys = new Set<string>(Object.values(specFields).map(({ key }) => key));
  const unknown = Object.keys(written).find((key) => !keys.has(key));
  if (unknown !== undefined)
    throw wrongSpec(
      `${place} has "${unknown}", which isn't a property of a sandbox. Remove it or correct its name.`,
      "specs",
    );

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

/**
 * Returns the properties to write so that reading them with `defaults` restores the definition: its GPU, and whatever
 * differs from `defaults`.
 */
export function writeDefinition(definition: SpecDefinition, defaults: SpecDefinition): WrittenSpec {
  const names = Object.keys(specFields) as (keyof SpecDefinition)[];
  const entries = names.flatMap((name) => {
    const written = writeField(name, definition[name]);
    const isDifferent = JSON.stringify(written) !== JSON.stringify(writeField(name, defaults[name]));
    return isDifferent || name === "gpu" ? [[specFields[name].key, written] as const] : [];
  });
  return Object.fromEntries(entries);
}

/** Returns one property as it is written in the settings. */
export const writeField = <K extends keyof SpecDefinition>(name: K, value: SpecDefinition[K]): unknown =>
  specFields[name].write(value);

const wrongSpec = (message: string, setting: string): UserError =>
  new UserError(message, {
    actions: [
      { title: "Open Settings", command: "workbench.action.openSettings", arguments: [`modalSandboxes.${setting}`] },
    ],
  });
