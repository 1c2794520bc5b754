import { ThemeIcon, type QuickPickItem } from "vscode";
import { formatDuration } from "../../base/format";
import { formatGpu } from "../../modal/gpus";
import { regionSurcharge } from "../../modal/regions";
import type { VolumeMount } from "../../modal/spec";
import type { SpecDefinition } from "../../sandboxes/spec/specDefinition";
import { specFields } from "../../sandboxes/spec/specFields";
import { MOUNT_PATH, readEnv } from "../../sandboxes/spec/specReaders";
import { writeField } from "../../sandboxes/spec/writtenSpec";
import { askPick, askText, askTicks, type Answer, type StepPlace } from "./steps";

/**
 * Lists volumes and secrets, and creates others. `create` returns the name, or `undefined` if the user dismissed it.
 */
export interface SpecSources {
  readonly volumes: Source;
  readonly secrets: Source;
}

interface Source {
  readonly list: () => Promise<readonly string[]>;
  readonly create: () => Promise<string | undefined>;
}

/** A row with a property of a sandbox and its value, which the user can change. */
export interface ReviewLine extends QuickPickItem {
  readonly edit: (definition: SpecDefinition, place: StepPlace) => Promise<Answer<SpecDefinition>>;
}

export const reviewLines = (definition: SpecDefinition, { volumes, secrets }: SpecSources): ReviewLine[] => [
  line("CPU", `${definition.cpu} ${definition.cpu === 1 ? "core" : "cores"}`, number("cpu", "Cores to reserve")),
  line("Memory", `${definition.memoryMiB} MiB`, number("memoryMiB", "Memory to reserve, in MiB")),
  line(
    "GPU Fallback",
    listed(definition.gpuFallback.map(formatGpu)),
    list("gpuFallback", "GPUs to offer, in this order, if Modal has no free one"),
  ),
  line("Volumes", listed(definition.volumes.map(({ volume, path }) => `${volume} at ${path}`)), editVolumes(volumes)),
  line("Secrets", listed(definition.secrets), editSecrets(secrets)),
  line("Variables", listed(Object.keys(definition.env)), editEnv),
  line("Ports", listed(definition.ports.map(String)), list("ports", "Ports that get a URL", Number)),
  line("Lifetime", formatDuration(definition.timeoutMs), number("timeoutMs", "Minutes until the sandbox ends")),
  line(
    "Idle Limit",
    formatDuration(definition.idleTimeoutMs),
    number("idleTimeoutMs", "Minutes without activity until the sandbox ends"),
  ),
  line("Python Packages", listed(definition.packages), list("packages", "Python packages to add to the image")),
  line("Debian Packages", listed(definition.aptPackages), list("aptPackages", "Debian packages to add to the image")),
  line(
    "Regions",
    definition.regions.length === 0
      ? "anywhere"
      : `${definition.regions.join(", ")} · prices ${regionSurcharge(definition.regions)}`,
    list("regions", "Regions to run in, which costs more (leave it empty for any region)"),
  ),
  line("Network", networkText(definition), editNetwork),
];

type Edit = ReviewLine["edit"];

const line = (label: string, description: string, edit: Edit): ReviewLine => ({ label, description, edit });

const listed = (items: readonly string[]) => (items.length === 0 ? "none" : items.join(", "));

type Keys<T> = { [K in keyof SpecDefinition]: SpecDefinition[K] extends T ? K : never }[keyof SpecDefinition];

/** Asks for a number, in the unit of the setting. */
const number =
  (name: Keys<number>, prompt: string): Edit =>
  (definition, place) => {
    const { read, write, expects } = specFields[name];
    return askValue(place, {
      prompt,
      value: String(write(definition[name])),
      parse: (text) => (text === "" ? undefined : read(Number(text))?.value),
      expects,
      apply: (value) => ({ ...definition, [name]: value }),
    });
  };

type Words = "ports" | "packages" | "aptPackages" | "regions" | "gpuFallback";

/** Asks for several words, each in the format of the setting. */
const list =
  (name: Words, prompt: string, item: (word: string) => unknown = (word) => word): Edit =>
  (definition, place) => {
    const { read, expects } = specFields[name];
    return askValue(place, {
      prompt: `${prompt}, separated by spaces`,
      value: (writeField(name, definition[name]) as readonly unknown[]).join(" "),
      parse: (text) =>
        read(
          text
            .split(/[\s,]+/)
            .filter(Boolean)
            .map(item),
        )?.value,
      expects,
      apply: (value) => ({ ...definition, [name]: value }),
    });
  };

/** Values may contain spaces: the next variable begins with a name and `=`. */
const editEnv: Edit = (definition, place) =>
  askValue(place, {
    prompt: "Variables such as LOG_LEVEL=debug, separated by spaces. Put secret values into a Modal secret instead.",
    value: Object.entries(definition.env)
      .map(([name, value]) => `${name}=${value}`)
      .join(" "),
    parse: (text) => {
      const parts = text.split(/\s+(?=[A-Za-z_]\w*=)/).filter(Boolean);
      const entries = parts.map((part) => [part.replace(/=[^]*/, ""), part.replace(/^[^=]*=?/, "")] as const);
      return parts.every((part) => part.includes("=")) ? readEnv(Object.fromEntries(entries))?.value : undefined;
    },
    expects: "NAME=value for each variable",
    apply: (env) => ({ ...definition, env }),
  });

interface ValueQuestion<T> {
  readonly prompt: string;
  readonly value: string;
  readonly expects: string;
  readonly parse: (text: string) => T | undefined;
  readonly apply: (value: T) => SpecDefinition;
}

async function askValue<T>(place: StepPlace, question: ValueQuestion<T>): Promise<Answer<SpecDefinition>> {
  const { prompt, value, expects, parse, apply } = question;
  const complaint = (text: string) => (parse(text) === undefined ? `This must be ${expects}` : undefined);
  const answer = await askText({ ...place, prompt, value, complaint });
  if (answer?.kind !== "answered") return answer;
  const parsed = parse(answer.value);
  return parsed === undefined ? { kind: "back" } : { kind: "answered", value: apply(parsed) };
}

interface NameLine extends QuickPickItem {
  /** `undefined` for the row that creates another one. */
  readonly name?: string;
}

/** Asks for any number of names, including one that is created on the way. */
async function askNames(
  place: StepPlace,
  what: string,
  source: Source,
  chosen: readonly string[],
): Promise<Answer<readonly string[]>> {
  const names = await source.list();
  const items = [...new Set([...chosen, ...names])].map((name): NameLine => ({ label: name, name }));
  const answer = await askTicks({
    ...place,
    placeholder: names.length === 0 ? `There are no ${what} yet` : `Which ${what}?`,
    items: [...items, { iconPath: new ThemeIcon("add"), label: "Create another…", alwaysShow: true }],
    isTicked: ({ name }) => name !== undefined && chosen.includes(name),
    mayBeEmpty: true,
  });
  if (answer?.kind !== "answered") return answer;
  const known = answer.value.flatMap(({ name }) => name ?? []);
  const created = known.length < answer.value.length ? await source.create() : undefined;
  return { kind: "answered", value: created === undefined ? known : [...new Set([...known, created])] };
}

const editSecrets =
  (source: Source): Edit =>
  async (definition, place) => {
    const answer = await askNames(place, "secrets", source, definition.secrets);
    return answer?.kind === "answered" ? { kind: "answered", value: { ...definition, secrets: answer.value } } : answer;
  };

const editVolumes =
  (source: Source): Edit =>
  async (definition, place) => {
    const before = new Map(definition.volumes.map((mount) => [mount.volume, mount]));
    const answer = await askNames(place, "volumes", source, [...before.keys()]);
    if (answer?.kind !== "answered") return answer;
    const mounts: VolumeMount[] = [];
    for (const volume of answer.value) {
      const known = before.get(volume);
      const mount = known ?? (await askMount(place, volume, mounts));
      if (!mount) return { kind: "back" };
      mounts.push(mount);
    }
    return { kind: "answered", value: { ...definition, volumes: mounts } };
  };

/** Asks for a volume's path in the sandbox, which no other volume may have. */
export async function askMount(
  place: StepPlace,
  volume: string,
  others: readonly VolumeMount[],
): Promise<VolumeMount | undefined> {
  const taken = new Set(others.map(({ path }) => path));
  const complaint = (text: string) => {
    if (taken.has(text)) return "Another volume is already mounted there";
    return MOUNT_PATH.test(text) ? undefined : "Enter an absolute path such as /mnt/data";
  };
  const prompt = `Where to mount the volume ${volume} in the sandbox`;
  const answer = await askText({ ...place, prompt, value: `/mnt/${volume}`, complaint });
  return answer?.kind === "answered" ? { path: answer.value, volume, isReadOnly: false } : undefined;
}

const networkText = ({ network }: SpecDefinition) =>
  network.kind === "allowlist" ? "only some addresses" : network.kind;

const editNetwork: Edit = async (definition, place) => {
  const items = [
    { label: "Open", description: "it can reach any address", kind: "open" },
    { label: "Blocked", description: "it can reach nothing, and has no ports", kind: "blocked" },
  ] as const;
  const answer = await askPick({
    ...place,
    placeholder: "What can the sandbox reach? To allow only some addresses, use the settings.",
    items: items.map(({ label, description, kind }) => ({ label, description, network: { kind } })),
    isActive: ({ network }) => network.kind === definition.network.kind,
  });
  return answer?.kind === "answered"
    ? { kind: "answered", value: { ...definition, network: answer.value.network } }
    : answer;
};
