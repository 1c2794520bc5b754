/** A sandbox's resource use at one moment. Values that the sandbox cannot report are `undefined`. */
export interface MetricSample {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** `undefined` if the sandbox has no nvidia-smi. */
  readonly gpus: readonly GpuSample[] | undefined;
  /** The average number of busy cores since the previous sample. */
  readonly cpuCores: number | undefined;
  readonly memory: Amount | undefined;
  /** The file system of the root folder. */
  readonly disk: Amount | undefined;
  /** Bytes per second since the previous sample, without loopback traffic. */
  readonly network: { readonly received: number; readonly sent: number } | undefined;
}

/** In bytes. */
export interface Amount {
  readonly used: number;
  readonly total: number;
}

export interface GpuSample {
  readonly index: number;
  /** Percent. */
  readonly utilization: number | undefined;
  readonly memory: Amount | undefined;
  readonly celsius: number | undefined;
  readonly watts: number | undefined;
}

/** One parsed line of sample.sh: ever-growing counters and current values. */
export interface Reading extends Pick<MetricSample, "gpus" | "memory" | "disk"> {
  readonly uptimeSeconds: number;
  readonly cpuSeconds: number;
  readonly received: number;
  readonly sent: number;
}

const TICKS_PER_SECOND = 100;
const KIB = 1024;
const MIB = 1024 * KIB;

/** Parses a line of the script's output. Returns `undefined` for a line without a time. */
export function parseReading(line: string): Reading | undefined {
  const sections = new Map<string, string[]>();
  let section: string[] = [];
  for (const row of line.split("|")) {
    const title = /^==> (?:.*\/)?(\w+) <==$/.exec(row)?.[1];
    if (title === undefined) section.push(row);
    else sections.set(title, (section = []));
  }
  const rows = (title: string) => sections.get(title) ?? [];
  const uptimeSeconds = numbers(rows("uptime")[0])[0];
  if (uptimeSeconds === undefined) return undefined;
  return {
    uptimeSeconds,
    cpuSeconds: sum(rows("cpu").flatMap(numbers)) / TICKS_PER_SECOND,
    ...trafficOf(rows("dev")),
    memory: memoryOf(rows("meminfo")),
    disk: diskOf(rows("disk")),
    gpus: sections.get("gpus")?.flatMap(gpuOf),
  };
}

/** Converts a reading to a sample. Rates need a previous reading. */
export function sampleOf(at: number, reading: Reading, before: Reading | undefined): MetricSample {
  const { gpus, memory, disk } = reading;
  const seconds = before ? reading.uptimeSeconds - before.uptimeSeconds : 0;
  if (!before || seconds <= 0) return { at, gpus, memory, disk, cpuCores: undefined, network: undefined };
  const rate = (of: (reading: Reading) => number) => Math.max(0, of(reading) - of(before)) / seconds;
  const network = { received: rate(({ received }) => received), sent: rate(({ sent }) => sent) };
  return { at, gpus, memory, disk, cpuCores: rate(({ cpuSeconds }) => cpuSeconds), network };
}

function trafficOf(rows: readonly string[]): { received: number; sent: number } {
  const interfaces = rows.flatMap((row) => {
    const [, name, counters] = /^\s*([^\s:]+):(.*)$/.exec(row) ?? [];
    return name === undefined || name === "lo" ? [] : [numbers(counters)];
  });
  return { received: sum(interfaces.map((row) => row[0] ?? 0)), sent: sum(interfaces.map((row) => row[8] ?? 0)) };
}

function memoryOf(rows: readonly string[]): Amount | undefined {
  const kib = (name: string) => numbers(rows.find((row) => row.startsWith(`${name}:`)))[0];
  const free = kib("MemAvailable") ?? kib("MemFree");
  const total = kib("MemTotal");
  return total === undefined || free === undefined ? undefined : { used: (total - free) * KIB, total: total * KIB };
}

/** The device's name, before the numbers, may consist of several words. */
function diskOf(rows: readonly string[]): Amount | undefined {
  const [used, free] = (/\s(\d+)\s+(\d+)\s+\d+%/.exec(rows[1] ?? "") ?? []).slice(1).map(Number);
  return used === undefined || free === undefined ? undefined : { used: used * KIB, total: (used + free) * KIB };
}

/** If a GPU lacks a sensor, `nvidia-smi` prints a word in brackets. */
function gpuOf(row: string): GpuSample[] {
  const [index, utilization, used, total, celsius, watts] = row.split(",").map((field) => numbers(field)[0]);
  if (index === undefined) return [];
  const memory = used === undefined || total === undefined ? undefined : { used: used * MIB, total: total * MIB };
  return [{ index, utilization, memory, celsius, watts }];
}

const numbers = (text = ""): number[] =>
  text
    .split(/\s+/)
    .filter((word) => /^\d+(\.\d+)?$/.test(word))
    .map(Number);

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
