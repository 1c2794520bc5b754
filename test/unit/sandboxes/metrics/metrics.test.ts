import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { MetricHistory } from "../../../../src/sandboxes/metrics/metricHistory";
import { parseReading, sampleOf, type GpuSample, type MetricSample } from "../../../../src/sandboxes/metrics/metrics";

const MIB = 1024 * 1024;

const line = (sections: Readonly<Record<string, readonly string[]>>): string =>
  Object.entries({ "/proc/uptime": ["100.00 90.00", ""], ...sections })
    .map(([title, rows]) => `==> ${title} <==|${rows.map((row) => `${row}|`).join("")}`)
    .join("");

const NET = [
  "Inter-|   Receive                            |  Transmit",
  " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed",
  "    lo: 900       9    0    0    0     0          0         0      900       9    0    0    0     0       0          0",
];
const network = (received: number, sent: number) => [
  ...NET.flatMap((row) => row.split("|")),
  `  eth0:${received} 5 0 0 0 0 0 0 ${sent} 5 0 0 0 0 0 0`,
];

describe("a reading of a sandbox", () => {
  it("has the values of each GPU, without those of missing sensors", () => {
    const { gpus } =
      parseReading(line({ gpus: ["0, 87, 12595, 15360, 61, 48.12", "1, 0, 3, 15360, [N/A], [Not Supported]"] })) ?? {};
    assert.deepEqual(gpus, [
      { index: 0, utilization: 87, memory: { used: 12595 * MIB, total: 15360 * MIB }, celsius: 61, watts: 48.12 },
      { index: 1, utilization: 0, memory: { used: 3 * MIB, total: 15360 * MIB }, celsius: undefined, watts: undefined },
    ]);
  });

  it("tells a missing nvidia-smi from one that fails", () => {
    assert.equal(parseReading(line({}))?.gpus, undefined);
    assert.deepEqual(parseReading(line({ gpus: ["NVIDIA-SMI has failed because it couldn't communicate"] }))?.gpus, []);
  });

  it("has the memory that is in use, and the disk usage that users see", () => {
    const reading = parseReading(
      line({
        "/proc/meminfo": ["MemTotal:        4096 kB", "MemFree:  100 kB", "MemAvailable:   1024 kB", ""],
        disk: ["Filesystem 1024-blocks Used Available Capacity Mounted on", "map auto home  1000 250 700 27% /"],
      }),
    );
    assert.ok(reading);
    assert.deepEqual(reading.memory, { used: 3072 * 1024, total: 4096 * 1024 });
    assert.deepEqual(reading.disk, { used: 250 * 1024, total: 950 * 1024 });
  });

  it("is empty without a time", () => {
    assert.equal(parseReading(""), undefined);
    assert.equal(parseReading("sh: head: not found"), undefined);
  });
});

describe("a sample of a sandbox", () => {
  const reading = (uptime: number, ticks: number, received: number, sent: number) => {
    const read = parseReading(
      line({
        "/proc/uptime": [`${uptime}.00 90.00`, ""],
        "/proc/net/dev": network(received, sent),
        cpu: [`${ticks} 10 0 0`, "0 0 90 0"],
      }),
    );
    assert.ok(read);
    return read;
  };

  it("has rates since the previous one, for outside traffic only", () => {
    const sample = sampleOf(7, reading(102, 400, 5000, 1000), reading(100, 100, 1000, 1000));
    assert.equal(sample.at, 7);
    assert.equal(sample.cpuCores, 1.5);
    assert.deepEqual(sample.network, { received: 2000, sent: 0 });
  });

  it("has no rates if it is the first or no time has passed, and never negative ones", () => {
    const first = reading(100, 100, 1000, 1000);
    assert.equal(sampleOf(0, first, undefined).cpuCores, undefined);
    assert.equal(sampleOf(0, first, first).network, undefined);
    assert.equal(sampleOf(0, reading(102, 0, 0, 0), first).cpuCores, 0);
  });
});

describe("the history of a sandbox", () => {
  const gpu = (utilization: number, used: number): GpuSample => ({
    index: 0,
    utilization,
    memory: { used, total: 1000 },
    celsius: undefined,
    watts: undefined,
  });
  const sample = (at: number, gpus?: GpuSample[]): MetricSample => ({
    at,
    gpus,
    cpuCores: 1,
    memory: undefined,
    disk: undefined,
    network: undefined,
  });
  const filled = (count: number, gpusAt: (at: number) => GpuSample[] | undefined) => {
    const history = new MetricHistory();
    for (let at = 0; at < count; at++) history.add(sample(at, gpusAt(at)));
    return history;
  };

  it("knows the peaks of its GPUs between two moments", () => {
    const history = filled(10, (at) => [gpu(at * 10, 100 - at)]);
    assert.deepEqual(history.gpuPeak(2, 5), { utilization: 50, memoryBytes: 98 });
    assert.equal(history.gpuPeak(20, 30), undefined);
    assert.equal(filled(3, () => undefined).gpuPeak(0, 3), undefined);
  });

  it("stays small over time, and keeps every peak", () => {
    const history = filled(10_000, (at) => [gpu(at === 3333 ? 99 : 10, at === 4444 ? 900 : 5)]);
    assert.ok(history.all.length <= 240);
    assert.equal(history.all.at(-1)?.at, 9999);
    assert.deepEqual(history.gpuPeak(0, 10_000), { utilization: 99, memoryBytes: 900 });
  });
});
