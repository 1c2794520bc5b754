import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { gpuTypes } from "../../../src/modal/gpus";
import { listRates, readRates } from "../../../src/modal/rates";

describe("the workspace's rates", () => {
  it("are read from keys, however their words are joined", () => {
    for (const key of ["gpu_h100", "GPU H100", "sandbox.gpu.h100", "gpuH100", "h100"])
      assert.equal(readRates({ [key]: "3.10" })?.gpus.get("H100"), 3.1, key);
    assert.equal(readRates({ "gpu_rtx-pro-6000": "2.9" })?.gpus.get("RTX-PRO-6000"), 2.9);
  });

  it("are told apart even if the name of one type contains another's", () => {
    const rates = readRates({ "gpu_a100-80gb": "2.60", gpu_l40s: "1.90", gpu_l4: "0.81", gpu_gh200: "5.00" });
    assert.ok(rates);
    assert.equal(rates.gpus.get("A100-80GB"), 2.6);
    assert.equal(rates.gpus.get("A100-40GB"), listRates.gpus.get("A100-40GB"));
    assert.equal(rates.gpus.get("L40S"), 1.9);
    assert.equal(rates.gpus.get("L4"), 0.81);
    assert.equal(rates.gpus.get("H200"), listRates.gpus.get("H200"));
  });

  it("are those of sandboxes for cores and memory, not those of functions", () => {
    const answer = { gpu_t4: "0.5", function_cpu_core: "0.05", sandbox_cpu_core: "0.15", sandbox_memory_gib: "0.03" };
    assert.equal(readRates(answer)?.core, 0.15);
    assert.equal(readRates(answer)?.gib, 0.03);
    assert.equal(readRates({ gpu_t4: "0.5", function_cpu_core: "0.05" })?.core, listRates.core);
  });

  it("leave out a value that cannot be an hourly price of that kind", () => {
    const rates = readRates({ gpu_t4: "0.000164", gpu_l4: "free", gpu_h100: "4" });
    assert.equal(rates?.gpus.get("T4"), listRates.gpus.get("T4"));
    assert.equal(rates?.gpus.get("L4"), listRates.gpus.get("L4"));
    assert.equal(rates?.gpus.get("H100"), 4);
  });

  it("are absent if no GPU is recognized", () => {
    assert.equal(readRates({}), undefined);
    assert.equal(readRates({ volume_storage_gib_month: "0.09" }), undefined);
  });

  it("are the list's for every other type, with the list's date", () => {
    assert.deepEqual(
      [...listRates.gpus.keys()],
      gpuTypes.map(({ name }) => name),
    );
    assert.match(listRates.source, /^list prices of \d{4}-\d\d-\d\d$/);
  });
});
