import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { MetricSample } from "../../../../../src/sandboxes/metrics/metrics";
import { meterRows, meterSummary, metersTogether } from "../../../../../src/ui/views/rows/meterRows";

const GIB = 2 ** 30;
const gpu = { index: 0, utilization: 87, memory: { used: 12.34 * GIB, total: 15 * GIB }, celsius: 61, watts: 48.12 };

const sample = (properties: Partial<MetricSample> = {}): MetricSample => ({
  at: 0,
  gpus: [gpu],
  cpuCores: 1.26,
  memory: { used: 2 * GIB, total: 15.7 * GIB },
  disk: { used: 3.14 * GIB, total: 512.4 * GIB },
  network: { received: 1_200_000, sent: 300 },
  ...properties,
});
const live = (properties: Partial<MetricSample> = {}) => ({ latest: sample(properties), isLive: true, hasGpu: true });
const texts = (measured: Parameters<typeof meterRows>[0]) =>
  meterRows(measured).map(({ label, description }) => `${label}: ${description}`);

describe("the rows of the meters", () => {
  it("show each measurement in a separate row", () => {
    assert.deepEqual(texts(live()), [
      "GPU 0: 87 % · 12.3/15 GiB · 61 °C · 48 W",
      "CPU: 1.3 cores",
      "Memory: 2/15.7 GiB",
      "Disk: 3.1/512 GiB",
      "Network: ↓ 1.2 MB/s · ↑ 300 B/s",
    ]);
  });

  it("have labels without symbols for screen readers", () => {
    const spoken = meterRows(live()).map((row) => row.spoken);
    assert.equal(spoken[0], "GPU 0, 87 percent, 12.3 of 15 GiB, 61 degrees, 48 watts");
    assert.equal(spoken[4], "Network, in 1.2 MB a second, out 300 B a second");
  });

  it("leave out what a GPU does not report, and say if the tool is missing", () => {
    const silent = { ...gpu, celsius: undefined, watts: undefined };
    assert.equal(texts(live({ gpus: [silent] }))[0], "GPU 0: 87 % · 12.3/15 GiB");
    assert.equal(texts(live({ gpus: undefined }))[0], "GPU: the sandbox has no working nvidia-smi");
    assert.equal(texts({ ...live({ gpus: undefined }), hasGpu: false })[0], "CPU: 1.3 cores");
  });

  it("show their time if they are not live", () => {
    assert.match(texts({ ...live(), isLive: false }).at(-1) ?? "", /^Measured at \d+:\d\d:\d\d/);
    assert.deepEqual(texts({ latest: undefined, isLive: false, hasGpu: true }), ["Nothing measured: "]);
  });

  it("are summed up by the GPU, or by the CPU if there is none", () => {
    assert.equal(meterSummary(live()), "GPU 87 % · 12.3/15 GiB");
    assert.equal(meterSummary(live({ gpus: [{ ...gpu, utilization: 3 }, gpu] })), "GPU 3–87 %");
    assert.equal(meterSummary(live({ gpus: undefined, cpuCores: 1 })), "CPU 1.0 core · 2/15.7 GiB");
    assert.equal(meterSummary({ latest: undefined, isLive: true, hasGpu: true }), "measuring");
  });

  it("are summed up for several sandboxes together", () => {
    const idle = sample({ gpus: [{ ...gpu, utilization: 12 }] });
    assert.equal(metersTogether([idle, sample()]), "2 sandboxes · GPU 12–87 %");
    assert.equal(metersTogether([sample(), sample()]), "2 sandboxes · GPU 87 %");
    assert.equal(
      metersTogether([1, 2].map((cpuCores) => sample({ gpus: undefined, cpuCores }))),
      "2 sandboxes · CPU 3.0 cores",
    );
  });
});
