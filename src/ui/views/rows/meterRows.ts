import { formatBytes } from "../../../base/format";
import type { Amount, GpuSample, MetricSample } from "../../../sandboxes/metrics/metrics";
import { joined, spinner, type Row } from "./row";

/** The last measurement of a sandbox. */
export interface Measured {
  readonly latest: MetricSample | undefined;
  readonly isLive: boolean;
  readonly hasGpu: boolean;
}

/** A short summary: `GPU 87 % · 12.3/15 GiB`. */
export function meterSummary({ latest, isLive }: Measured): string {
  if (!latest) return isLive ? "measuring" : "";
  return joined(metersTogether([latest]), isLive ? undefined : time(latest.at));
}

/** A short summary of the last samples of several sandboxes, one of each: `3 sandboxes · GPU 12–87 %`. */
export function metersTogether(samples: readonly MetricSample[]): string {
  const gpus = samples.flatMap((sample) => sample.gpus ?? []);
  const total = (amounts: readonly (Amount | undefined)[]) =>
    samples.length === 1 && amounts.length === 1 ? gibibytes(amounts[0]) : undefined;
  const loads = gpus.flatMap(({ utilization }) => utilization ?? []).map(Math.round);
  const range = loads.length > 0 ? [...new Set([Math.min(...loads), Math.max(...loads)])].join("–") : undefined;
  const busyCores = samples.reduce((sum, { cpuCores = 0 }) => sum + cpuCores, 0);
  return joined(
    samples.length > 1 ? `${samples.length} sandboxes` : undefined,
    range === undefined ? `CPU ${cores(busyCores)}` : `GPU ${range} %`,
    total(range === undefined ? samples.map(({ memory }) => memory) : gpus.map(({ memory }) => memory)),
  );
}

/** Returns one row for each thing that is measured. */
export function meterRows({ latest, isLive, hasGpu }: Measured): readonly Row[] {
  if (!latest) return [isLive ? measuring : nothingMeasured];
  const { gpus, cpuCores, memory, disk, network } = latest;
  const rows: (Row | undefined)[] = [
    ...(gpus?.map(gpuRow) ?? []),
    hasGpu && !gpus?.length ? noGpuTool : undefined,
    cpuCores === undefined ? undefined : row("CPU", "circuit-board", cores(cpuCores)),
    memory && row("Memory", "layers", gibibytes(memory)),
    disk && row("Disk", "save", gibibytes(disk)),
    network && row("Network", "arrow-swap", `↓ ${perSecond(network.received)}`, `↑ ${perSecond(network.sent)}`),
    isLive ? undefined : row(`Measured at ${time(latest.at)}`, "history"),
  ];
  return rows.filter((known) => known !== undefined);
}

const gpuRow = ({ index, utilization, memory, celsius, watts }: GpuSample): Row =>
  row(
    `GPU ${index}`,
    "pulse",
    percent(utilization),
    gibibytes(memory),
    celsius === undefined ? undefined : `${Math.round(celsius)} °C`,
    watts === undefined ? undefined : `${Math.round(watts)} W`,
  );

function row(label: string, icon: string, ...parts: readonly (string | undefined)[]): Row {
  const description = joined(...parts);
  return { label, description, icon: { id: icon }, contextValue: "meter", spoken: spokenOf(label, description) };
}

const measuring: Row = { ...row("Measuring", ""), icon: spinner };
const nothingMeasured = row("Nothing measured", "circle-slash");
const noGpuTool = row("GPU", "circle-slash", "the sandbox has no working nvidia-smi");

/** Spells out symbols for a screen reader. */
function spokenOf(label: string, description: string): string {
  return [label, ...description.split(" · ")]
    .filter(Boolean)
    .join(", ")
    .replaceAll(" %", " percent")
    .replaceAll("/s", " a second")
    .replaceAll("/", " of ")
    .replaceAll("°C", "degrees")
    .replaceAll(/ W$/g, " watts")
    .replaceAll("↓", "in")
    .replaceAll("↑", "out");
}

const percent = (value: number | undefined) => (value === undefined ? "" : `${Math.round(value)} %`);

const cores = (count: number) => `${count.toFixed(1)} ${count.toFixed(1) === "1.0" ? "core" : "cores"}`;

const GIB = 2 ** 30;

const gibibytes = (amount: Amount | undefined): string =>
  amount ? `${short(amount.used / GIB)}/${short(amount.total / GIB)} GiB` : "";

const short = (value: number) => (value < 99.5 ? Number(value.toFixed(1)) : Math.round(value)).toString();

const perSecond = (bytes: number) => `${formatBytes(bytes)}/s`;

const time = (at: number) => new Date(at).toLocaleTimeString();
