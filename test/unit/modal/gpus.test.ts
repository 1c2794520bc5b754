import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { formatGpu, gpuArgument, gpuTypes, parseGpu } from "../../../src/modal/gpus";

describe("GPU names", () => {
  it("are accepted in any case, with or without a count", () => {
    assert.deepEqual(parseGpu("h100"), { type: "H100", count: 1 });
    assert.deepEqual(parseGpu(" A100-80GB:4 "), { type: "A100-80GB", count: 4 });
  });

  it("are refused if the type is unknown or the count too high", () => {
    for (const text of ["", "K80", "T4:0", "T4:9", "A10:5", "T4:x", "T4:"])
      assert.equal(parseGpu(text), undefined, text);
  });

  it("are the same after a round trip to Modal", () => {
    for (const { name: type, maxCount: count } of gpuTypes)
      assert.deepEqual(parseGpu(gpuArgument({ type, count })), { type, count });
  });

  it("are readable", () => {
    assert.equal(formatGpu(undefined), "CPU");
    assert.equal(formatGpu({ type: "T4", count: 1 }), "T4");
    assert.equal(formatGpu({ type: "H100", count: 8 }), "8 × H100");
  });
});
